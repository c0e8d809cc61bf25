// jax/output/PreviewHTML/jax.js
