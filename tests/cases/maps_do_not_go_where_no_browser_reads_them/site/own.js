export default "own";
