alert('app');
