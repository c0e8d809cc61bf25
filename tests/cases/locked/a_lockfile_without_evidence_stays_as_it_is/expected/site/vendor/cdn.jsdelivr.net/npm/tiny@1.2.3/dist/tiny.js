alert('tiny 1.2.3');
