import{u}from"../../../h~b51f5f672b30/util@1.1.7.js";export const w=u;
