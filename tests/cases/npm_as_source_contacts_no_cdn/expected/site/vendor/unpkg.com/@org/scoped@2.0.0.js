alert('scoped');
