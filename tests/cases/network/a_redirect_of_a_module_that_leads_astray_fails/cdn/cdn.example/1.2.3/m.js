import "./loop.js";
import "./plain.js";
import "./denied.js";

export const later = () => import("./private.js");
