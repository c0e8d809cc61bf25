// jax/element/mml/jax.js
