var folder = document.currentScript.src.replace(/[^/]*$/, "");
function load(name) {
  var script = document.createElement("script");
  script.src = folder + name;
  document.head.append(script);
}
load("more.js");
