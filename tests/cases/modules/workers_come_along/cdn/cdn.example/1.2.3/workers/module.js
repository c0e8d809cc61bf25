import "../lib.js";
import "lib";
new Worker(new URL("nested.js", import.meta.url), { type: "module" });
