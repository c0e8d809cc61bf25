// input/tex/extensions/ams.js
