import { base } from "./base.js";
import("./base.js");
