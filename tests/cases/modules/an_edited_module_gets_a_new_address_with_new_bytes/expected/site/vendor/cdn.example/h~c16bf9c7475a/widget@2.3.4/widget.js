import { u } from "../../util@1.1.0/util.js"; export const w = u;
