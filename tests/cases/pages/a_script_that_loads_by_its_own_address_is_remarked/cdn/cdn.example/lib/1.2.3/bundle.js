var runtime = {};
runtime.folder = document.currentScript && document.currentScript.src.replace(/[^/]*$/, "");
document.title = "loaded";
