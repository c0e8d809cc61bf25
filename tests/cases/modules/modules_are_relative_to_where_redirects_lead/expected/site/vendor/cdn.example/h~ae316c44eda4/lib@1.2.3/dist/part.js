import "../../../h~a72533a80d9b/lib@1.2.3/dist/lib.js";
