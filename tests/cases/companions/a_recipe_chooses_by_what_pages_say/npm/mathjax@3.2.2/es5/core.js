// core.js
