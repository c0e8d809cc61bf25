self.other = true;
