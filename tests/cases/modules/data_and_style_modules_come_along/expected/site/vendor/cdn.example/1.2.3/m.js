import data from "./data.json" with { type: "json" };
import sheet from "./sheet.css" with { type: "css" };
import source compiled from "./engine.wasm";
const picture = new URL("./picture.png", import.meta.url);
const text = await import("./text.json", { with: { type: "json" } });
const wrong = () => import("https://cdn.example/1.2.3/wrong.json");
