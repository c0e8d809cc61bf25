import * as self from "./a.js";
import "./b.js";
import "../1.2.3/./b.js";
