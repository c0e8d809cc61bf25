// input/tex/extensions/mhchem.js
