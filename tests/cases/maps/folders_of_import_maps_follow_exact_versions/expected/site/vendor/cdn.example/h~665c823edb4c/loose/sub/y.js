import "../../../h~ba7c4657285a/loose/x.js";
