self.second = 2;
