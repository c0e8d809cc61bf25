import "./part.js";

import "./missing.js";
