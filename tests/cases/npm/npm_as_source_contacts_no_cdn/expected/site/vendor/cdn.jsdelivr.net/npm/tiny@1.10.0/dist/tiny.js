alert('tiny 1.10.0');
