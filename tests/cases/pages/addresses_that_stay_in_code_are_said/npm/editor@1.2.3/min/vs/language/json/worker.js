postMessage("json");
