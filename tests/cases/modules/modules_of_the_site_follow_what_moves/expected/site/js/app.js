import { util } from "./util.js";
import "./quiet.js";
