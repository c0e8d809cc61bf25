// Tides: Lodash computes the curve and finds its high and low waters, Chart.js draws it, jQuery fills the table.
(function () {
  "use strict";
  // amplitude (m), speed (degrees an hour), phase (degrees): M2, S2, K1, O1 of an invented harbour
  var constituents = [[1.42, 28.984, 40], [0.51, 30, 85], [0.11, 15.041, 150], [0.09, 13.943, 10]];
  var STEP = 0.25;

  function height(hour) {
    return 2.6 + _.sumBy(constituents, function (c) {
      return c[0] * Math.cos(((c[1] * hour - c[2]) * Math.PI) / 180);
    });
  }

  function clock(hour) {
    var minutes = Math.round((hour % 24) * 60);
    return _.padStart(Math.floor(minutes / 60), 2, "0") + ":" + _.padStart(minutes % 60, 2, "0");
  }

  var curve = _.map(_.range(0, 48 + STEP, STEP), function (hour) {
    return { hour: hour, height: height(hour) };
  });
  var extremes = _.filter(curve.slice(1, -1), function (point, i) {
    return (point.height - curve[i].height) * (curve[i + 2].height - point.height) <= 0;
  });

  _.forEach(_.groupBy(extremes, function (e) { return e.hour < 24 ? "Today" : "Tomorrow"; }), function (list, day) {
    list.forEach(function (e) {
      $("<tr>").append(
        $("<td>").text(day),
        $("<td>").text(clock(e.hour)),
        $("<td>").text(e.height > 2.6 ? "High" : "Low"),
        $("<td class=number>").text(e.height.toFixed(1) + " m")
      ).appendTo("#extremes");
    });
  });
  if (extremes.length >= 7) skerry.ready("lodash");
  if ($("#extremes tr").length === extremes.length) skerry.ready("jquery");

  var charts = [];

  function draw() {
    _.invokeMap(charts, "destroy");
    Chart.defaults.animation = false;
    Chart.defaults.maintainAspectRatio = false;
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    Chart.defaults.color = skerry.colour("soft");
    Chart.defaults.borderColor = skerry.colour("line");
    var sea = skerry.colour("sea");
    var red = skerry.colour("red");

    charts = [
      new Chart("tide", {
        type: "line",
        data: {
          labels: _.map(curve, function (p) { return clock(p.hour); }),
          datasets: [
            { data: _.map(curve, "height"), borderColor: sea, backgroundColor: sea.replace(")", ", 0.15)").replace("rgb(", "rgba("), fill: true, pointRadius: 0, borderWidth: 2.5, tension: 0.3 },
            { data: _.map(curve, function (p) { return _.includes(extremes, p) ? p.height : null; }), showLine: false, order: -1, pointRadius: 5, backgroundColor: red, borderColor: red },
          ],
        },
        options: {
          plugins: { legend: { display: false }, tooltip: { callbacks: { label: function (c) { return c.parsed.y.toFixed(2) + " m"; } } } },
          interaction: { intersect: false, mode: "nearest", axis: "x" },
          scales: {
            x: { ticks: { maxRotation: 0, autoSkip: false, callback: function (_v, i) { return i % 24 ? undefined : clock(curve[i].hour); } }, grid: { display: false } },
            y: { title: { display: true, text: "metres" }, beginAtZero: true },
          },
        },
      }),
      new Chart("wind", {
        type: "polarArea",
        data: {
          labels: ["N", "NE", "E", "SE", "S", "SW", "W", "NW"],
          datasets: [{ data: [2, 1, 2, 3, 4, 9, 6, 3], borderWidth: 1, borderColor: skerry.colour("card"), backgroundColor: [0.25, 0.2, 0.25, 0.35, 0.5, 0.9, 0.7, 0.4].map(function (a) { return sea.replace(")", ", " + a + ")").replace("rgb(", "rgba("); }) }],
        },
        options: {
          plugins: { legend: { display: false } },
          scales: { r: { ticks: { display: false, stepSize: 3 }, pointLabels: { display: true, centerPointLabels: true } } },
        },
      }),
    ];
  }

  function isPainted(canvas) {
    var pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return _.some(pixels, function (value) { return value !== 0; });
  }

  $(document).on("themechange", draw);
  draw();
  if (_.every([document.getElementById("tide"), document.getElementById("wind")], isPainted)) skerry.ready("chart.js");
})();
