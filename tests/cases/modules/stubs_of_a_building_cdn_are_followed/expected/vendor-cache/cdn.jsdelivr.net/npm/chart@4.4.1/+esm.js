import{c}from"/npm/color@0.3.2/+esm";export{c};
