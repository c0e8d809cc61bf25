importScripts("helpers/first.js", "https://cdn.example/1.2.3/workers/helpers/second.js");
