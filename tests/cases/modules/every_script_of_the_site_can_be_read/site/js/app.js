import { draw } from "https://cdn.example/lib@1.2.3/draw.js";
import "bare";
draw();
