self.near = true;
