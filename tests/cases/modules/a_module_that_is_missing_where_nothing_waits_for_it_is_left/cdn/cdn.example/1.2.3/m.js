export const later = () => import("./optional/there.js");
