// The same with parse5's rewriting stream, the nearest thing to lol_html in Node.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RewritingStream } from "parse5-html-rewriting-stream";

const rewrite = (html) =>
  new Promise((resolve, reject) => {
    const stream = new RewritingStream();
    let out = "";
    stream.on("startTag", (tag) => {
      const src = tag.tagName === "script" && tag.attrs.find((attr) => attr.name === "src");
      if (src && /^(https?:)?\/\//.test(src.value)) {
        src.value = "/vendor/" + src.value.replace(/^(https?:)?\/\//, "");
        tag.attrs.push({ name: "integrity", value: "sha384-x" });
      }
      stream.emitStartTag(tag);
    });
    stream.on("data", (chunk) => (out += chunk));
    stream.on("end", () => resolve(out));
    stream.on("error", reject);
    stream.end(html);
  });

for (const name of readdirSync(process.argv[2], { recursive: true })) {
  if (!name.endsWith(".html")) continue;
  const path = join(process.argv[2], name);
  writeFileSync(path, await rewrite(readFileSync(path, "utf8")));
}
