importScripts("helpers/first.js", "./helpers/second.js");
