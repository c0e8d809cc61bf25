more(1);
