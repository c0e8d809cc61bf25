import "../../../h~ae316c44eda4/lib@1.2.3/dist/part.js";
import "../../../../other.example/h~a34f157cae83/tool@2.0.0/tool.js";
