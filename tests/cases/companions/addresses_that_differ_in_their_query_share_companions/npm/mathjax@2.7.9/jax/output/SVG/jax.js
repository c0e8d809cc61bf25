// jax/output/SVG/jax.js
