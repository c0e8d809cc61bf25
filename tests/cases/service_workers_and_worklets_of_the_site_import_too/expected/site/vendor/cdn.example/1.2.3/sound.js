import "./noise.js";
