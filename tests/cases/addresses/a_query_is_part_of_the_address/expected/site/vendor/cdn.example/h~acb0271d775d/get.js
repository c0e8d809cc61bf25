alert("a");
