import "https://cdn.example/1.2.3/lib.js";
import "./quiet.js";
