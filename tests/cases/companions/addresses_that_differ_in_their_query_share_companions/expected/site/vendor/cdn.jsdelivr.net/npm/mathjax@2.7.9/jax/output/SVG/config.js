// jax/output/SVG/config.js
