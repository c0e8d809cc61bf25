// a11y/explorer.js
