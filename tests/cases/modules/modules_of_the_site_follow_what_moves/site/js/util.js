import lib from "https://cdn.example/1.2.3/lib.js";
export const util = () => import('//cdn.example/1.2.3/later.js');
