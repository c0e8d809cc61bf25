source();
