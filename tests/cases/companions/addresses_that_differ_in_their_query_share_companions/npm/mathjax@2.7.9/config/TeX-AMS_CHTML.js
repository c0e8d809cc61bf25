// config/TeX-AMS_CHTML.js
