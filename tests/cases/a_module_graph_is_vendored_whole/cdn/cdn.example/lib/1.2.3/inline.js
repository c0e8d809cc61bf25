export default "inline";
