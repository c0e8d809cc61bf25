var mathjax = 3;
