import './A.js';
