import "./part.js";
export const later = () => import("./later.js");
