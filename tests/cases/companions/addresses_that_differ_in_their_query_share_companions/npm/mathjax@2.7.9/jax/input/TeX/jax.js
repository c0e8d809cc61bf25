// jax/input/TeX/jax.js
