// output/svg.js
