import{u}from"/util@^1.1.0?target=es2022";export const w=u;
