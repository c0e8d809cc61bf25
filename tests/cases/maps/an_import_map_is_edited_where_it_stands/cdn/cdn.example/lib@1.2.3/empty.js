export default "an empty key counts for nothing";
