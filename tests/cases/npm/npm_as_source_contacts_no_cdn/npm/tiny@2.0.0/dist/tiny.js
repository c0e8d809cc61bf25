alert('tiny 2');
