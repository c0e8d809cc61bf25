"""Makes a site of any number of pages, twice: as files, and as records in partitions.

The pages are made from their numbers alone, so every run makes the same site. They are of the kinds
that sites have: most load a classic script or two, some an import map and modules, some only a preload;
some want nothing, some must be left alone, and a few are not UTF-8.
"""

import base64
import json
import os
import random
import sys

CDN = "https://cdn.jsdelivr.net/npm"
JQUERY = f"{CDN}/jquery@3.7.1/dist/jquery.min.js"
PREACT = f"{CDN}/preact@10.9.0/dist"
HTM = f"{CDN}/htm@3.1.1"
WORDS = (
    "tide harbour keel anchor lantern quay gull mast rudder spray current buoy compass shoal "
    "chart pilot cabin deck ebb flood"
).split()

CLASSIC = f'<script src="{JQUERY}"></script>'
UNPKG = '<script src="https://unpkg.com/htm@3.1.1/dist/htm.umd.js" defer crossorigin></script>'
PAYMENT = '<script src="https://js.stripe.com/v3/"></script>'
PRELOAD = f'<link rel="preload" as="script" href="{JQUERY}">'
SKIPPED = f'<script data-inhouse="skip" src="{JQUERY}"></script>'
MODULES = f"""<script type="importmap">
{{
  "imports": {{
    "preact": "{PREACT}/preact.module.js",
    "preact/": "{CDN}/preact@10.9.0/",
    "htm": "{HTM}/dist/htm.module.js"
  }}
}}
</script>
<script type="module">
  import {{ h, render }} from "preact";
  import {{ useState }} from "preact/hooks/dist/hooks.module.js";
  import htm from "htm";
  render(h("p", null, "high water"), document.body);
</script>"""
# What is in the head, how often in a hundred pages, and the page's encoding.
KINDS = [
    (CLASSIC, 45, "utf-8"),
    (CLASSIC + "\n" + UNPKG, 20, "utf-8"),
    (MODULES, 15, "utf-8"),
    (PAYMENT + "\n" + CLASSIC, 5, "utf-8"),
    (PRELOAD, 4, "utf-8"),
    (SKIPPED, 2, "utf-8"),
    (CLASSIC, 2, "windows-1252"),
    ("", 7, "utf-8"),
]


def page(number):
    """The page of a number: its path below the site's root, and its bytes."""
    rng = random.Random(number)
    head, _, encoding = rng.choices(KINDS, [often for _, often, _ in KINDS])[0]
    paragraphs = (" ".join(rng.choices(WORDS, k=60)) for _ in range(rng.randint(2, 24)))
    body = "\n".join(f"<p>Grüße: {text}.</p>" for text in paragraphs)
    text = (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="{encoding}">\n'
        f"<title>Page {number}</title>\n{head}\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
    return f"{number % 100:02}/{number // 100}/index.html", text.encode(encoding)


def record(path, data):
    """The page as one line of JSON; bytes that are no UTF-8 travel as base64."""
    try:
        return json.dumps({"path": path, "page": data.decode()}, ensure_ascii=False)
    except UnicodeDecodeError:
        return json.dumps({"path": path, "page-base64": base64.b64encode(data).decode()})


def main(pages, site, records, partitions):
    os.makedirs(records)
    parts = [
        open(os.path.join(records, f"part-{part:05}.jsonl"), "w", encoding="utf-8")
        for part in range(partitions)
    ]
    for number in range(pages):
        path, data = page(number)
        file = os.path.join(site, path)
        os.makedirs(os.path.dirname(file))
        with open(file, "wb") as out:
            out.write(data)
        parts[number * partitions // pages].write(record(path, data) + "\n")
    for part in parts:
        part.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
