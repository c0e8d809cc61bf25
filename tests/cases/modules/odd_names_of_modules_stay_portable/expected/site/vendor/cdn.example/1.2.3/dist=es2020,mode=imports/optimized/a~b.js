export default 'equals, comma, tilde';
