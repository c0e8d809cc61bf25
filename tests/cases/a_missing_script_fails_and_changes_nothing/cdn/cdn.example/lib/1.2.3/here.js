alert("here");
