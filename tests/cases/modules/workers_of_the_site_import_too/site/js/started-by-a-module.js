importScripts("https://cdn.example/1.2.3/classic.js", "sub/helper.js");
