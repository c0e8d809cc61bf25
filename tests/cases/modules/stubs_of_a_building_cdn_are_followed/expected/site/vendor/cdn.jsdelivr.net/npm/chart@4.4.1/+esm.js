import{c}from"../color@0.3.2/%2Besm.js";export{c};
