export default 'a long name';
