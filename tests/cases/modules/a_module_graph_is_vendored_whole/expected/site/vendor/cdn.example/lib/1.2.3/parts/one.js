export { two as one } from "../two.js";
