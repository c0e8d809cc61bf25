export default "imports nothing";
