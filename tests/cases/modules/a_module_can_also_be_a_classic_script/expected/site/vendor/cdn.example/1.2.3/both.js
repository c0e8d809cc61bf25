globalThis.more = () => import("./more.js");
