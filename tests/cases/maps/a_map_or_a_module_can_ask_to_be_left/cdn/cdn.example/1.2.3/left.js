import "./never-asked-for.js";
