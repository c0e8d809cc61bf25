import "../one.js";
