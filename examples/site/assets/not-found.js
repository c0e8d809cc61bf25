// Not found: Lodash guesses what was meant from the letters in the address, jQuery writes the list.
(function () {
  "use strict";
  var pages = { "/": "Home", "/charts/": "Tides and wind", "/maps/": "Map", "/math/": "Formulas", "/about/": "About", "/support/": "Support us" };

  function likeness(path) {
    var asked = _.toLower(location.pathname).split("");
    return _.intersection(path.split(""), asked).length / _.union(path.split(""), asked).length;
  }

  var best = _.take(_.orderBy(_.keys(pages), likeness, "desc"), 3);
  if (best.length === 3) skerry.ready("lodash");

  best.forEach(function (path) {
    $("<li>").append($("<a>", { href: path, text: pages[path] })).appendTo("#suggestions");
  });
  if ($("#suggestions a").length === 3) skerry.ready("jquery");
})();
