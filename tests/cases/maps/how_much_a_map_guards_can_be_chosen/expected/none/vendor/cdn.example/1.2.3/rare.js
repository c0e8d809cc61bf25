export default "rare";
