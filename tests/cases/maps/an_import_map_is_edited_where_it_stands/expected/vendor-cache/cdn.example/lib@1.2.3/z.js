import "dep";
import "./old.js";
