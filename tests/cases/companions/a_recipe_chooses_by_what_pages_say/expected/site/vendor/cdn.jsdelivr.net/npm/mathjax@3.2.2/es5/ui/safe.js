// ui/safe.js
