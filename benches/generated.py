"""Pages, lockfiles and caches that are generated: the same every time, and no network needed."""
import base64
import hashlib
import os

LONG_AGO = 1_000_000_000
"""Seconds since 1970."""

SECTION = """<section id="s{n}"><h2>Section {n}<a class="headerlink" href="#s{n}" title="Link">¶</a></h2>
<p>The <code class="literal">function</code> takes a <em>value</em> &amp; returns
<a href="o.html#v{n}">another</a>.</p>
<ul class="simple"><li><p>First of <a href="a.html">all</a></p></li><li><p>Then the rest</p></li></ul>
<pre><span class="k">def</span> <span class="nf">f{n}</span>(<span class="n">x</span>): <span class="k">return</span> x &lt; {n}</pre></section>
"""
OWN = (
    '<meta charset="utf-8"><title>Page</title><link rel="stylesheet" href="../_static/theme.css">'
    '<script src="../_static/search.js" defer></script>'
)


def page(size, tags=""):
    """A page of documentation of `size` bytes or a little more, with `tags` first in its head."""
    start = f'<!DOCTYPE html>\n<html lang="en"><head>{tags}{OWN}</head>\n<body>\n'
    sections = (SECTION.format(n=n) for n in range(max(0, size - len(start)) // len(SECTION) + 1))
    return start + "".join(sections) + "</body>\n</html>\n"


def script_tags(urls):
    return "".join(f'<script src="{url}"></script>\n' for url in urls)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    # A page that was written only just now is treated as one that may still change.
    os.utime(path, (LONG_AGO, LONG_AGO))


def project(folder, scripts):
    """A configuration, and a cache with a complete lockfile for `scripts`: a text for each address."""
    write(folder / "inhouse.toml", 'cache = "cache"\n')
    blocks = ["version = 2\n"]
    for url, text in sorted(scripts.items()):
        path = url.removeprefix("https://")
        write(folder / "cache" / path, text)
        digest = base64.b64encode(hashlib.sha384(text.encode()).digest()).decode()
        blocks.append(
            f'[[asset]]\nurl = "{url}"\nkind = "script"\npath = "{path}"\nsize = {len(text)}\ntype = "text/javascript"\n'
            f'integrity = "sha384-{digest}"\nproof = "none"\nsource = "cdn"\n'
        )
    write(folder / "cache" / "inhouse.lock", "\n".join(blocks))
