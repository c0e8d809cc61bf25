// jax/output/CommonHTML/jax.js
