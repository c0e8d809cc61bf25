new Worker(new URL("./started-by-a-module.js", import.meta.url));
