export default "empty";
