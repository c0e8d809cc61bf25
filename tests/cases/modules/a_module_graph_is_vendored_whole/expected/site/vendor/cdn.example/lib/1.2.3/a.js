alert('a');
