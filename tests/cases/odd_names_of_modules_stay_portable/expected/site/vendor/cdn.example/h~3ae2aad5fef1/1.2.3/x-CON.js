export default 'a device';
