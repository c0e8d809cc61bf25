import "/1.2.3/several.js";
