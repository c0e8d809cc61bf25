export default 'another address, as browsers see it';
