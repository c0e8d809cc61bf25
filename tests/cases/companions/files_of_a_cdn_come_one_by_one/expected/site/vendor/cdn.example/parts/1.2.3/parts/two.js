window.two = 2;
