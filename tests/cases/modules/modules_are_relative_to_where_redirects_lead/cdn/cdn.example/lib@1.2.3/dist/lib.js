import "./part.js";
import "../../elsewhere.js";
