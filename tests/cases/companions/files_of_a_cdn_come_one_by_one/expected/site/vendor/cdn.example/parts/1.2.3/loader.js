(function () {
  var folder = document.currentScript.src.replace(/[^/]*$/, "");
  window.loadPart = function (name) {
    var script = document.createElement("script");
    script.src = folder + "parts/" + name + ".js";
    document.head.appendChild(script);
  };
})();
