import "../x.js";
