scoped();
