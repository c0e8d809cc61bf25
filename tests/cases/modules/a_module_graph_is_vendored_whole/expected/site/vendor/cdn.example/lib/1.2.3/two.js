import "./parts/one.js"; export const two = 2;
