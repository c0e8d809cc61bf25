alert('free');
