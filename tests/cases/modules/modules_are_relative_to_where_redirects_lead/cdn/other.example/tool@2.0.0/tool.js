import "./part.js";
import "https://cdn.example/lib@1";
