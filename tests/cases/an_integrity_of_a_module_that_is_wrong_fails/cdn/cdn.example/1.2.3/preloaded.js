export default "preloaded";
