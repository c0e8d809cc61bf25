export default 'a slash';
