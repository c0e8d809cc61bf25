export default "root";
