import "/util@^1.1.0?target=es2022";
export * from "/widget@2.3.4/es2022/widget.mjs";
