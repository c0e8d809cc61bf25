alert('b');
