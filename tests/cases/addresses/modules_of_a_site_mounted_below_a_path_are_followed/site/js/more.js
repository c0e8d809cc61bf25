import "https://cdn.example/1.2.3/more.js";
