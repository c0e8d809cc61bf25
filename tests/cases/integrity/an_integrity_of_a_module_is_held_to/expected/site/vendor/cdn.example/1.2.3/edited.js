import "./several.js";
