import "../../tool@2.0.0/part.js";
import "../../../cdn.example/h~a72533a80d9b/lib@1.2.3/dist/lib.js";
