export default "several";
