import "dep";
import "https://cdn.example/lib@1.2.3/old.js";
