export default "more";
