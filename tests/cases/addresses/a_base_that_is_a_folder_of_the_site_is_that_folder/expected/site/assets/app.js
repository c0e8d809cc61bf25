import "../vendor/cdn.example/1.2.3/b.js";
