export default "fast";
