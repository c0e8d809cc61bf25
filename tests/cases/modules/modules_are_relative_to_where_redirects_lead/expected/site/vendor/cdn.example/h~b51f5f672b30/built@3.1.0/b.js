import "./c.js";
import "./b.js";
