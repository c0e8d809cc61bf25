// About: Bootstrap opens the first answer; a widget is cloned from a template together with the script it needs.
(function () {
  "use strict";
  var first = document.getElementById("answer-1");
  first.addEventListener("shown.bs.collapse", function () { skerry.ready("bootstrap"); }, { once: true });
  bootstrap.Collapse.getOrCreateInstance(first).show();

  var widget = document.getElementById("widget-template").content.cloneNode(true);
  widget.querySelector("script").addEventListener("load", function () {
    var time = $("#widget [data-high-water]").text(dayjs("2026-11-21T06:40").format("dddd D MMMM, HH:mm"));
    skerry.ready("jquery");
    if (time.text() === "Saturday 21 November, 06:40") skerry.ready("dayjs");
  });
  document.getElementById("widget").append(widget);
})();
