import './../A.js';
