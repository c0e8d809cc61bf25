import { base } from "./base.js";
