var folder = document.currentScript.src.replace(/[^/]*$/, "");
var paths = {};
function load(name) {
  var script = document.createElement("script");
  script.src = (paths.vs || folder) + "/" + name;
  document.head.append(script);
}
load.config = function (options) { paths = options.paths; };
