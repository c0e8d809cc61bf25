import "../h~b51f5f672b30/util@1.1.7.js";
export * from "../h~d329015049e0/widget@2.3.4/es2022/widget.mjs";
