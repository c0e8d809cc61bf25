// a11y/sre.js
