alert('other 2.0.1');
