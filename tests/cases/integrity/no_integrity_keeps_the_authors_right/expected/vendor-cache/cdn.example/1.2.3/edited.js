import "/1.2.3/same.js";
