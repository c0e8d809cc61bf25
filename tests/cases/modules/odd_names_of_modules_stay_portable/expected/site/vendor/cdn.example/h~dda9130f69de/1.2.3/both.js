import '../../1.2.3/both.js/inside.js';
