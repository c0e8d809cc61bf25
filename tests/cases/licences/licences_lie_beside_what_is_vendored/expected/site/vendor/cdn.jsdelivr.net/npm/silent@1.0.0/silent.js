silent();
