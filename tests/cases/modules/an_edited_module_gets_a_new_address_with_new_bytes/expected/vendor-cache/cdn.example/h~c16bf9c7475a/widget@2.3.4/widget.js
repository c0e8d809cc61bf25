import { u } from "/util@^1"; export const w = u;
