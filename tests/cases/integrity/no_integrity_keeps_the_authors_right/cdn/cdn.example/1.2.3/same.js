export default "the same";
