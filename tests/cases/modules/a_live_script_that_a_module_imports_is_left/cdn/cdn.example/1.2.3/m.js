import "https://js.stripe.com/v3/";
import "./kept.js";
import "./part.js";
