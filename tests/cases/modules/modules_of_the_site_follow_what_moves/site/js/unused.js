import "https://cdn.example/1.2.3/nobody-asks.js";
