import "./odd.js";
