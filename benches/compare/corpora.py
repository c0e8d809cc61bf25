"""The sites that are measured: real documentation, the same with scripts put in, and generated pages."""
import hashlib
import os
import re
import shutil
from pathlib import Path

from generated import page, project, script_tags, write
from measure import run

# Pages of the distribution's packages are downloaded, never committed. rust-doc has as many as all others.
MOST = [
    "libboost1.81-doc", "python3.11-doc", "postgresql-doc-15", "libstdc++-12-doc", "openjdk-17-doc",
    "libgtkmm-3.0-doc", "python-scipy-doc", "python-pandas-doc",
]
RUST = ["rust-doc"]
# The libraries that pages load: what each address serves, in which file of which package.
SCRIPTS = {
    "https://code.jquery.com/jquery-3.7.1.min.js": ("jquery@3.7.1", "dist/jquery.min.js"),
    "https://cdn.jsdelivr.net/npm/bootstrap@5.3.3/dist/js/bootstrap.bundle.min.js":
        ("bootstrap@5.3.3", "dist/js/bootstrap.bundle.min.js"),
    "https://cdn.jsdelivr.net/npm/chart.js@4.4.4/dist/chart.umd.js": ("chart.js@4.4.4", "dist/chart.umd.js"),
    "https://unpkg.com/leaflet@1.9.4/dist/leaflet.js": ("leaflet@1.9.4", "dist/leaflet.js"),
    "https://cdnjs.cloudflare.com/ajax/libs/lodash.js/4.17.21/lodash.min.js": ("lodash@4.17.21", "lodash.min.js"),
    "https://cdn.jsdelivr.net/npm/katex@0.16.11/dist/katex.min.js": ("katex@0.16.11", "dist/katex.min.js"),
}
HEAD = re.compile(rb"<head[^>]*>", re.I)


def locked_project(folder, libraries):
    """A project that has all of `SCRIPTS` in its lockfile and cache. Their packages are installed once, and kept."""
    if not libraries.exists():
        part = libraries.with_name(libraries.name + ".part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        packages = [package for package, _ in SCRIPTS.values()]
        run("npm", "install", "--silent", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--prefix", part,
            *packages)
        part.rename(libraries)
    file = lambda package, path: libraries / "node_modules" / package.partition("@")[0] / path
    project(folder, {url: file(*source).read_text() for url, source in SCRIPTS.items()})
    return folder / "inhouse.toml"


def documentation(work):
    """Real pages: the folder of most packages, and the one above it, of all. Unpacked once, and kept."""
    tree, debs = work / "documentation", work / "packages"
    debs.mkdir(parents=True, exist_ok=True)
    for name, packages in (("most", MOST), ("rust", RUST)):
        if (tree / name).exists():
            continue
        part = work / f"{name}.part"
        shutil.rmtree(part, ignore_errors=True)
        for package in packages:
            if not list(debs.glob(f"{package}_*.deb")):
                run("apt-get", "download", "-qq", package, cwd=debs)
            (deb,) = debs.glob(f"{package}_*.deb")
            run("dpkg", "-x", deb, part)
        tree.mkdir(exist_ok=True)
        part.rename(tree / name)
    return tree / "most", tree


def pages(tree):
    return sorted(path for path in tree.rglob("*.html") if path.is_file() and not path.is_symlink())


def volume(paths):
    return f"{len(paths):,} pages, {sum(path.stat().st_size for path in paths) / 1e6:,.0f} MB"


def digest(path, tree):
    return hashlib.sha256(str(path.relative_to(tree)).encode()).digest()


def with_scripts(html, digest):
    """The page with one to four scripts in its head, which of them `digest` decides."""
    urls = sorted({list(SCRIPTS)[byte % len(SCRIPTS)] for byte in digest[: 1 + digest[31] % 4]})
    head = HEAD.search(html)
    at = head.end() if head else 0
    return html[:at] + script_tags(urls).encode() + html[at:]


class FewAtWork:
    """A copy of `tree` in which 3.5 % of the pages get scripts.

    Not on ext4, if there is a choice: it does not use the inodes of deleted files again for minutes, and round
    after round looks longer for others, which is its cost and not ours."""

    def __init__(self, tree, place):
        self.site, side = place / "few", place / "few-pages"
        place.mkdir(parents=True, exist_ok=True)
        run("cp", "-a", tree, self.site)
        self.pages = {}
        for number, path in enumerate(pages(tree)):
            hash = digest(path, tree)
            if int.from_bytes(hash[:2]) % 1000 < 35:
                before = side / f"{number}.html"
                write(before, "")
                before.write_bytes(with_scripts(path.read_bytes(), hash))
                self.pages[self.site / path.relative_to(tree)] = before

    def restore(self):
        shutil.rmtree(self.site / "vendor", ignore_errors=True)
        for path, before in self.pages.items():
            path.unlink()
            os.link(before, path)


class Copied:
    """A site that commands change: each gets a fresh copy of the original."""

    def __init__(self, original):
        self.original, self.site = original, original.with_name(original.name + "-copy")

    def fresh(self):
        self.gone()
        run("cp", "-a", self.original, self.site)

    def gone(self):
        shutil.rmtree(self.site, ignore_errors=True)


def all_at_work(tree, place, count):
    """`count` of the pages of `tree`, evenly chosen, each with scripts."""
    every = pages(tree)
    for number, path in enumerate(every[:: max(1, len(every) // count)][:count]):
        target = place / f"{number % 100:02}" / f"{number}.html"
        write(target, "")
        target.write_bytes(with_scripts(path.read_bytes(), digest(path, tree)))
    return Copied(place)


def small_pages(place, first, end, scripts_every=0):
    """Pages `first` to `end` of 1 to 2 kB with the same frame, of which every so many loads one script.

    `first` is a multiple of 1,000, which is how many are in a folder."""
    urls = list(SCRIPTS)
    texts = [page(1000 + 250 * size) for size in range(5)]
    for number in range(first, end):
        text = texts[number % len(texts)]
        if scripts_every and number % scripts_every == 0:
            text = text.replace("<head>", "<head>" + script_tags([urls[number % len(urls)]]))
        folder = place / f"{number // 1000:04}"
        if number % 1000 == 0:
            folder.mkdir(parents=True)
        (folder / f"{number % 1000}.html").write_bytes(text.encode())


def big_page(path, size, scripts):
    """One page of `size` bytes of tables: nothing to do, scripts in its `head`, or one at its `end`."""
    tags = script_tags(list(SCRIPTS)[:3])
    row = '<tr><td class="n">{n}</td><td>some value</td><td><a href="{n}.html">more</a></td></tr>\n'
    rows = "".join(row.format(n=n) for n in range(1000))
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as out:
        out.write(page(0, tags if scripts == "head" else "").removesuffix("</body>\n</html>\n"))
        while out.tell() < size:
            out.write(f"<table>\n{rows}</table>\n")
        out.write((tags if scripts == "end" else "") + "</body>\n</html>\n")


def roomy(work, size, files):
    """A folder on tmpfs if memory has room for `size` bytes in so many `files`, else one in `work`."""
    tmpfs = Path("/dev/shm")
    if tmpfs.is_dir():
        free = os.statvfs(tmpfs)
        available = re.search(r"^MemAvailable:\s*(\d+) kB", Path("/proc/meminfo").read_text(), re.M)
        # Half of it stays free for the page cache and for what runs.
        room = min(free.f_bavail * free.f_frsize, int(available.group(1)) * 1024 // 2)
        if room > size and free.f_favail > files:
            return tmpfs / f"inhouse-compare-{os.getpid()}"
    return work / "generated"
