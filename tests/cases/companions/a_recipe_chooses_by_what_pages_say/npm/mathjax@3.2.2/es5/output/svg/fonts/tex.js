// output/svg/fonts/tex.js
