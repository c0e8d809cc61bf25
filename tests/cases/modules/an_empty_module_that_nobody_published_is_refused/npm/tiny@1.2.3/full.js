export default "full";
