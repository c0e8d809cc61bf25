self.far = true;
