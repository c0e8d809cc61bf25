import "./part.js";
import "../../cdn.example/lib@1.2.3/dist/lib.js";
