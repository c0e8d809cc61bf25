import "https://cdn.example/1.2.3/gone.js";
import "https://cdn.example/1.2.3/lib.js";
