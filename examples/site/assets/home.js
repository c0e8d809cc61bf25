// Home: jQuery filters the log, Day.js writes its dates, htmx fetches the forecast, Bootstrap shows the notice.
(function () {
  "use strict";
  var entries = $("#log li");

  entries.find("time").text(function () {
    return dayjs(this.dateTime).format("ddd D MMM");
  });
  if (entries.find("time").first().text() === "Sat 14 Nov") skerry.ready("dayjs");

  var tags = ["all"].concat($.map(entries, function (entry) { return entry.dataset.tag; }));
  tags.filter(function (tag, i) { return tags.indexOf(tag) === i; }).forEach(function (tag) {
    $("<button>", { type: "button", class: "chip", text: tag, "aria-pressed": String(tag === "all") }).appendTo("#filters");
  });
  $("#filters").on("click", "button", function () {
    var tag = $(this).text();
    $(this).attr("aria-pressed", "true").siblings().attr("aria-pressed", "false");
    entries.each(function () {
      this.hidden = tag !== "all" && this.dataset.tag !== tag;
    });
  });
  if ($("#filters button").length === 5) skerry.ready("jquery");

  document.body.addEventListener("htmx:afterSwap", function (event) {
    if ($(event.detail.target).find("dd").length === 3) skerry.ready("htmx");
  });

  var notice = document.getElementById("notice");
  notice.addEventListener("shown.bs.toast", function () { skerry.ready("bootstrap"); });
  bootstrap.Toast.getOrCreateInstance(notice).show();
})();
