// config/TeX-AMS_SVG.js
