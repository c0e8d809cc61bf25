import "./vendor/cdn.example/1.2.3/same.js";
