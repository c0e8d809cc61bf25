export * from "./missing-too.js";
