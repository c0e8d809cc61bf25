alert('no extension');
