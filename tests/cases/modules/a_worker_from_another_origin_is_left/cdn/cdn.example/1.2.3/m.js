new Worker(new URL("near.js", import.meta.url));

try { new Worker("https://cdn.example/1.2.3/far.js"); } catch {}
