// What a Node build step would do with cheerio: parse, change, serialise.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { load } from "cheerio";

for (const name of readdirSync(process.argv[2], { recursive: true })) {
  if (!name.endsWith(".html")) continue;
  const path = join(process.argv[2], name);
  const $ = load(readFileSync(path, "utf8"));
  $("script[src]").each((_, script) => {
    const src = $(script).attr("src").replace(/^https?:/, "");
    if (src.startsWith("//")) $(script).attr("src", "/vendor/" + src.slice(2)).attr("integrity", "sha384-x");
  });
  writeFileSync(path, $.html());
}
