import("./b.js")
