alert("stripe");
