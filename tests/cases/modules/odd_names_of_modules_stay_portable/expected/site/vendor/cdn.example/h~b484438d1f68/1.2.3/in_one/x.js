export default 'an escaped slash';
