let = = 1; import "./x.js";
