export default "dep 2";
