export default 'upper case';
