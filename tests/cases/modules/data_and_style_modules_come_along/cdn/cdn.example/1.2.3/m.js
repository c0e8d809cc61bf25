import data from "./data.json" with { type: "json" };
import sheet from "/1.2.3/sheet.css" with { type: "css" };
import source compiled from "./engine.wasm";
const picture = new URL("./picture.png", import.meta.url);
const text = await import("./text.json", { with: { type: "json" } });
const wrong = () => import("./wrong.json");
