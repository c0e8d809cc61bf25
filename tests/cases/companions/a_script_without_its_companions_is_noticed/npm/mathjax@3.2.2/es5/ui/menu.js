// ui/menu.js
