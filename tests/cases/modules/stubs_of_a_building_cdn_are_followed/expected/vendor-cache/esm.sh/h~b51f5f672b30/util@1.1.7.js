export * from "/util@1.1.7/es2022/util.mjs";
