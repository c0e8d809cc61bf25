export default "past-root";
