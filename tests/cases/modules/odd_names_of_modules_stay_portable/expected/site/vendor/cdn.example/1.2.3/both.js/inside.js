import '../../h~dda9130f69de/1.2.3/both.js';
