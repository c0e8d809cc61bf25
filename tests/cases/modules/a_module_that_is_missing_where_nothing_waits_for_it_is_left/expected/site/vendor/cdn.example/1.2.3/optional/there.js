import "https://cdn.example/1.2.3/optional/missing.js";
