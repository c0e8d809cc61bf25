// Formulas: KaTeX sets the page's formulas once its auto-render has loaded, and the worked example at each move.
(function () {
  "use strict";
  var LANTERN = 41;

  function example() {
    var eye = Number($("#height").val());
    var miles = 2.08 * (Math.sqrt(LANTERN) + Math.sqrt(eye));
    var formula = "d = 2.08\\left(\\sqrt{" + LANTERN + "} + \\sqrt{" + eye + "}\\right) \\approx " + miles.toFixed(1) + "\\ \\text{M}";
    $("#height-value").text(eye);
    katex.render(formula, document.getElementById("range"), { output: "mathml" });
  }

  $("#height").on("input", example);
  example();
  if (document.querySelectorAll("#range msqrt").length === 2) skerry.ready("katex");
  if ($("#height-value").text() === "3") skerry.ready("jquery");

  // The onload of auto-render runs before deferred scripts that follow it, or after: look once all have run.
  window.addEventListener("load", function () {
    if (document.querySelectorAll("main p math").length === 8) skerry.ready("katex-auto-render");
  });
})();
