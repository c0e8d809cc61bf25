// extensions/tex2jax.js
