alert('tiny 1.2.3');
steal(document.cookie);
