// Map: Leaflet draws islands of our own making on a plain plane (no tiles, no Earth), jQuery fills the table,
// and the next boat is cloned from a template together with the script it needs, Day.js.
(function () {
  "use strict";
  /** A rock's outline from its centre, size and a wobble of its own: the same on every visit. */
  function rock(name, story, x, y, size, stretch, seed) {
    var outline = [];
    for (var degrees = 0; degrees <= 360; degrees += 8) {
      var a = (degrees * Math.PI) / 180;
      var r = size * (1 + 0.16 * Math.sin(3 * a + seed) + 0.09 * Math.sin(5 * a + 2 * seed) + 0.05 * Math.sin(9 * a + 3 * seed));
      outline.push([x + r * stretch * Math.cos(a), y + r * Math.sin(a)]);
    }
    return { type: "Feature", properties: { name: name, story: story }, geometry: { type: "Polygon", coordinates: [outline] } };
  }

  var islands = {
    type: "FeatureCollection",
    features: [
      rock("Harrow", "The only one with a shop. The quay is on the sheltered side.", 14, 34, 11, 1.25, 0.4),
      rock("The Calf", "Seals in October, nobody otherwise.", 36, 22, 4.6, 1.3, 1.9),
      rock("Long Skerry", "Splits in two at spring tides.", 55, 40, 4.2, 2.4, 2.6),
      rock("Middle Stack", "Forty metres, straight up. Kittiwakes.", 66, 20, 3.2, 1, 3.7),
      rock("The Anvil", "Rings when the swell is right.", 80, 33, 2.6, 1.2, 4.4),
      rock("Skerry", "The outermost. Here stands the light.", 94, 18, 3.8, 1.4, 5.3),
    ],
  };
  var lights = [
    { name: "Skerry Light", character: "Fl(2) 15 s", range: 18, at: [20.4, 97.2], radius: 17 },
    { name: "Harrow quay", character: "F R", range: 4, at: [31, 27], radius: 6 },
    { name: "Long Skerry", character: "Q(6)+LFl", range: 7, at: [41, 62], radius: 8 },
  ];

  lights.forEach(function (light) {
    $("<tr>").append($("<td>").text(light.name), $("<td>").text(light.character), $("<td class=number>").text(light.range + " M")).appendTo("#lights");
  });
  if ($("#lights tr").length === 3) skerry.ready("jquery");

  var boat = document.getElementById("next-boat").content.cloneNode(true);
  boat.querySelector("script").addEventListener("load", function () {
    var time = $("#boat time").text(function () { return dayjs(this.dateTime).format("dddd D MMMM, HH:mm"); });
    if (time.text() === "Saturday 1 May, 09:30") skerry.ready("dayjs");
  });
  document.getElementById("boat").append(boat);

  var map = L.map("map", { crs: L.CRS.Simple, zoomSnap: 0.25, minZoom: 2, maxZoom: 6, attributionControl: false, scrollWheelZoom: false });
  map.fitBounds([[4, 0], [48, 104]]);

  function draw() {
    map.eachLayer(function (layer) { layer.remove(); });
    [6, 3.5, 1.5].forEach(function (margin, i) {
      L.geoJSON(islands, { interactive: false, style: { color: skerry.colour("sea"), weight: margin * 12, opacity: 0.05 + 0.03 * i, fill: false, lineJoin: "round" } }).addTo(map);
    });
    L.geoJSON(islands, {
      style: { color: skerry.colour("soft"), weight: 1.5, fillColor: skerry.colour("land"), fillOpacity: 1 },
      onEachFeature: function (feature, layer) {
        layer.bindPopup("<strong>" + feature.properties.name + "</strong><br>" + feature.properties.story);
        layer.bindTooltip(feature.properties.name, { permanent: true, direction: "center", opacity: 1 });
      },
    }).addTo(map);
    L.polyline([[31, 27], [33, 34], [30, 45], [22, 51], [14, 64], [12, 80], [14.5, 90]], { color: skerry.colour("red"), weight: 2, dashArray: "6 7", smoothFactor: 0 }).addTo(map);
    lights.forEach(function (light) {
      L.circle(light.at, { radius: light.radius, color: skerry.colour("sun"), weight: 1, dashArray: "2 6", fillOpacity: 0.08, interactive: false }).addTo(map);
      L.circleMarker(light.at, { radius: 6, color: skerry.colour("card"), weight: 2, fillColor: skerry.colour("sun"), fillOpacity: 1 })
        .bindPopup("<strong>" + light.name + "</strong><br>" + light.character + ", " + light.range + " M")
        .addTo(map);
    });
  }

  $(document).on("themechange", draw);
  draw();
  var shapes = $("#map path").filter(function () { return this.getAttribute("d").length > 20; });
  if (shapes.length >= 4 * islands.features.length + 2 * lights.length) skerry.ready("leaflet");
})();
