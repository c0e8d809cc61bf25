export default "part of the tool";
