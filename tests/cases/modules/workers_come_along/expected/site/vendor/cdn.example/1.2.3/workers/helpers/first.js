importScripts("helpers/third.js");
