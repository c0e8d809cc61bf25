import "./types.js";
import "./blank.js";
