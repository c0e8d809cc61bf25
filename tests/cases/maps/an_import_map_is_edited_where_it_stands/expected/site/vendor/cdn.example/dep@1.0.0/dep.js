export default "dep 1";
