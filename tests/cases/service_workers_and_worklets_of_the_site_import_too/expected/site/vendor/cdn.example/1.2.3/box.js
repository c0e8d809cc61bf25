self.box = {};
