import './both.js/inside.js';
