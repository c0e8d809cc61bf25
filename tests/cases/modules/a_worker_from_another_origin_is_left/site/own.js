import "https://cdn.example/1.2.3/m.js";
new SharedWorker("//cdn.example/1.2.3/other.js");
CSS.paintWorklet.addModule("https://cdn.example/1.2.3/paint.js");
new Worker("own-worker.js");
