import lib from "../vendor/cdn.example/1.2.3/lib.js";
export const util = () => import('../vendor/cdn.example/1.2.3/later.js');
