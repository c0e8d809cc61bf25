export default 'a folder of an address';
