export default "quiet";
