self.third = 3;
