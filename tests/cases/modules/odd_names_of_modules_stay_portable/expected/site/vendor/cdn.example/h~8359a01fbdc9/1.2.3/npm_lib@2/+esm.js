export default 'colon and plus';
