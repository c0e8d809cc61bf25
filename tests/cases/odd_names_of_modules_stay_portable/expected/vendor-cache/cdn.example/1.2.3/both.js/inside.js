import '../both.js';
