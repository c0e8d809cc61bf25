self.own = true;
