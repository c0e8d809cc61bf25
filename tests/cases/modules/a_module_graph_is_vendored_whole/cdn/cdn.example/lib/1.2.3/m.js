import { one } from "./parts/one.js";
import { mapped } from "lib";
export const later = () => import("./parts/later.js");
console.log(one, mapped);
