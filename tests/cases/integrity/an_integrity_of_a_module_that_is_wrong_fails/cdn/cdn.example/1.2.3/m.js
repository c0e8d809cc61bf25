import "./part.js";
import "./preloaded.js";
