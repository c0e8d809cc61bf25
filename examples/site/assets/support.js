// Support: jQuery draws the amounts. Paying needs Stripe's own script, which is never ours to copy.
(function () {
  "use strict";
  [3, 7, 20].forEach(function (amount) {
    $("<button>", { type: "button", class: "chip", text: "€ " + amount, "aria-pressed": "false" }).appendTo("#amounts");
  });
  $("#amounts").on("click", "button", function () {
    $(this).attr("aria-pressed", "true").siblings().attr("aria-pressed", "false");
    $("#pay").text("Give " + $(this).text()).prop("disabled", !window.Stripe);
  });
  $("#donate").on("submit", function (event) {
    event.preventDefault();
    $("#pay-state").text("Thank you! This is a demo, so nothing was charged.");
  });
  if ($("#amounts button").length === 3) skerry.ready("jquery");

  $(window).on("load", function () {
    $("#pay-state").text(window.Stripe ? "" : "Card payments need a connection. Everything else here works without one.");
  });
})();
