import "/1.2.3/never.js";
let x = ;
