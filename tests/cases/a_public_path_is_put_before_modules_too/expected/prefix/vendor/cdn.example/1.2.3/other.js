export default "other";
