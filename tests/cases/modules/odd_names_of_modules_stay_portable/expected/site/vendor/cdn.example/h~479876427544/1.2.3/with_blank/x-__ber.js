import '../../../h~4eef61d0c7b5/1.2.3/A.js';
