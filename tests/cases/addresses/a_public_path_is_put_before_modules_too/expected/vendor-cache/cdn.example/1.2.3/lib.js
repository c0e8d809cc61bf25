import "/1.2.3/part.js";
