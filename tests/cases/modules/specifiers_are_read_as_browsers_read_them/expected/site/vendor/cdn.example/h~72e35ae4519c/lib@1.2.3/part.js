export default "part";
