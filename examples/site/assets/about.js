// About: Bootstrap opens the first answer, jQuery looks whether the widget in the frame got its words from Day.js.
(function () {
  "use strict";
  var first = document.getElementById("answer-1");
  first.addEventListener("shown.bs.collapse", function () { skerry.ready("bootstrap"); }, { once: true });
  bootstrap.Collapse.getOrCreateInstance(first).show();

  // The frame's page comes from its `srcdoc`; the window's load event waits for it.
  $(window).on("load", function () {
    var time = $("#preview").contents().find("time");
    if (time.length === 1) skerry.ready("jquery");
    if (time.text() === "Saturday 21 November, 06:40") skerry.ready("dayjs");
  });
})();
