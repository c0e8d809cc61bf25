export default "c";
