export default 'a dot that Windows drops';
