tiny(1);
