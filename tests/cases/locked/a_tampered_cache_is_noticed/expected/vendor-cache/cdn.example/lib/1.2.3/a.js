alert('a');
steal();