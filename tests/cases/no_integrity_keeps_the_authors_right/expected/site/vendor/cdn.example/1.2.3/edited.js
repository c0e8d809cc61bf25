import "./same.js";
