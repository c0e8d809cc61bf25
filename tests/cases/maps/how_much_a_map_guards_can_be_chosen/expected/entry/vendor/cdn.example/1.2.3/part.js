export default () => import("./rare.js");
