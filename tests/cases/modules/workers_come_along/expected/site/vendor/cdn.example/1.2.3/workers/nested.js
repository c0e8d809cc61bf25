fetch(new URL("../engine.wasm", import.meta.url));
