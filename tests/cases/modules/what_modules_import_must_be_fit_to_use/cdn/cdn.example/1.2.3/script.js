export default "a script";
