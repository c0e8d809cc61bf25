export default "unknown";
