tiny(2);
