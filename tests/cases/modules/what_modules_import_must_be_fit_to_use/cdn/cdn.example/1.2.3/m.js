import "./page.js";
import "./poison.js";
import "./text.js";
import "./cut.js";
import "./empty.js";
import data from "./data.json" with { type: "json" };
import "./script.js" with { type: "json" };
import "./wrong.json";
