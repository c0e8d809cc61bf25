// What every page shares: the theme switch, and a list of the libraries that did their work.
(function () {
  "use strict";
  var root = document.documentElement;
  var done = new Set();

  window.skerry = {
    /** Notes that a library has done something visible; tests read it as `data-ready` of <html>. */
    ready: function (name) {
      done.add(name);
      root.dataset.ready = Array.from(done).sort().join(",");
    },
    /** A colour of the style sheet as the browser computes it, for canvases. */
    colour: function (name) {
      var probe = $("<i>").css("color", "var(--" + name + ")").appendTo("body");
      var value = probe.css("color");
      probe.remove();
      return value;
    },
  };

  function stored() {
    try {
      return localStorage.getItem("theme");
    } catch (_) {
      return null;
    }
  }

  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  function show() {
    $("#theme").text(isDark() ? "Light" : "Dark");
    $(document).trigger("themechange");
  }

  if (stored()) root.dataset.theme = stored();
  $("#theme").on("click", function () {
    root.dataset.theme = isDark() ? "light" : "dark";
    try {
      localStorage.setItem("theme", root.dataset.theme);
    } catch (_) {
      // Private windows may refuse: the choice then lasts as long as the page.
    }
    show();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  $(show);
})();
