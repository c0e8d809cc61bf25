// input/asciimath.js
