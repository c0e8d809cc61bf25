self.classic = 1;
