import "lib";
new Worker(new URL("./workers/module.js", import.meta.url), { type: "module" });
new SharedWorker(new URL("./workers/classic.js", import.meta.url));
