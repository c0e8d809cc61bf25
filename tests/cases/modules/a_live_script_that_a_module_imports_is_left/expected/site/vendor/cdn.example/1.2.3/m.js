import "https://js.stripe.com/v3/";
import "https://cdn.example/1.2.3/kept.js";
import "./part.js";
