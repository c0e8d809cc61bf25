alert("b");
