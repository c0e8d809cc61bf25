"""What is measured, scene by scene: a corpus, what runs on it in turn, and what has to be reached.

CPU is that of a run with one thread where a yardstick has one too; wall time is that of two.
"""
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import corpora
import peers
from measure import Contestant, Log, contest, peak_memory, run
from table import amount, faster, ratio

ROOT = Path(__file__).resolve().parent.parent.parent
INHOUSE = ROOT / "target" / "release" / "inhouse"
RG = "wall of `rg -c -F '<script'`"
READ = "CPU of reading every page once"


@dataclass
class Stage:
    """What all scenes share. What is generated lies in `generated`, and is gone after each scene."""

    work: Path
    rounds: int
    quick: bool
    log: Log

    def size(self, full, quick):
        return quick if self.quick else full

    @property
    def generated(self):
        return self.work / "generated"

    @cached_property
    def documentation(self):
        return corpora.documentation(self.work)

    @cached_property
    def config(self):
        return corpora.locked_project(self.work / "project", self.work / "libraries")

    @cached_property
    def reader(self):
        program = self.work / "read"
        run("rustc", "-O", "--edition", "2024", Path(__file__).with_name("read.rs"), "-o", program)
        return program

    def site(self, tree, count):
        """`tree`, or with `--quick` some of its pages."""
        if not self.quick:
            return tree
        every = corpora.pages(tree)
        for number, path in enumerate(every[:: len(every) // count]):
            target = self.generated / "some" / f"{number % 10}" / f"{number}.html"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
        return self.generated / "some"

    def vendor(self, site, *options):
        return [INHOUSE, "vendor", site, "--config", self.config, "--frozen", "--quiet", "--no-progress", *options]

    def against_reading(self, corpus, site, prepare, must_rg=1.0, aim_rg=0.65, must_read=1.8, aim_read=1.3):
        result = contest(corpus, {
            "inhouse": Contestant(self.vendor(site, "--jobs", "2"), prepare),
            "inhouse, one thread": Contestant(self.vendor(site, "--jobs", "1"), prepare),
            "rg": Contestant(["rg", "-c", "-F", "<script", site], prepare, accept=(0, 1)),
            "read": Contestant([self.reader, site], prepare),
        }, self.rounds, self.log)
        return [
            ratio(corpus, RG, result["inhouse"].wall, result["rg"].wall, must_rg, aim_rg),
            ratio(corpus, READ, result["inhouse, one thread"].cpu, result["read"].cpu, must_read, aim_read),
        ]


def nothing():
    pass


def idle(stage):
    site = stage.site(stage.documentation[0], 300)
    corpus = f"{corpora.volume(corpora.pages(site))}, nothing to do"
    memory = peak_memory(Contestant(stage.vendor(site)), 3)
    return stage.against_reading(corpus, site, nothing) + [amount(corpus, "peak memory", memory, "MB", 24, 12)]


def few(stage):
    site = stage.site(stage.documentation[0], 300)
    tree = corpora.FewAtWork(site, corpora.roomy(stage.work, 2 << 30, 100_000))
    share = f"{len(tree.pages) / len(corpora.pages(site)):.1%}"
    corpus = f"{corpora.volume(corpora.pages(tree.site))}, {share} need work"
    return stage.against_reading(corpus, tree.site, tree.restore)


def rust(stage):
    site = stage.site(stage.documentation[1], 300)
    corpus = f"{corpora.volume(corpora.pages(site))} (with rust-doc), nothing to do"
    return stage.against_reading(corpus, site, nothing, None, None, None, None)


def at_work(stage, count):
    place = corpora.roomy(stage.work, 1 << 30, 3 * count) / "busy"
    tree = corpora.all_at_work(stage.documentation[0], place, count)
    return tree, f"{corpora.volume(corpora.pages(tree.original))}, each with 1 to 4 scripts"


def busy(stage):
    tree, corpus = at_work(stage, stage.size(5600, 100))
    copy = ["cp", "-a", tree.original, tree.site]
    result = contest(corpus, {
        "inhouse": Contestant(stage.vendor(tree.site, "--jobs", "2"), tree.fresh),
        "inhouse, one thread": Contestant(stage.vendor(tree.site, "--jobs", "1"), tree.fresh),
        "cp -a": Contestant(copy, tree.gone),
    }, stage.rounds, stage.log)
    one, two, cp = result["inhouse, one thread"], result["inhouse"], result["cp -a"]
    return [
        ratio(corpus, "CPU of `cp -a`", one.cpu, cp.cpu, 2.5, 1.3),
        ratio(corpus, "wall of `cp -a`, two threads", two.wall, cp.wall, 1.2, 0.8),
    ]


def second(stage):
    tree, corpus = at_work(stage, stage.size(5600, 100))
    tree.fresh()
    run(*stage.vendor(tree.site))
    return stage.against_reading(f"{corpus}: a second run", tree.site, nothing)


def against_peers(stage):
    tree, corpus = at_work(stage, stage.size(1000, 30))
    regex = "Python with re.sub"
    node, plugin = peers.node(stage.work, tree.site), peers.privacy_plugin(stage.work, tree.site)
    commands = {
        "inhouse": stage.vendor(tree.site, "--jobs", "2"),
        "inhouse, one thread": stage.vendor(tree.site, "--jobs", "1"),
        regex: peers.python_regex(tree.site), **node, **plugin,
    }
    contestants = {name: Contestant(command, tree.fresh) for name, command in commands.items()}
    result = contest(corpus, contestants, stage.rounds, stage.log)
    one = result["inhouse, one thread"].cpu
    limits = [(8, 12), (50, 85), (35, 60)]
    rows = [faster(corpus, f"wall of {regex}", result["inhouse"].wall, result[regex].wall, 1, 2)]
    for name, (must, aim) in zip([*plugin, *node], limits if plugin else limits[1:]):
        rows.append(faster(corpus, f"CPU of {name}", one, result[name].cpu, must, aim))
    return rows


def small(stage):
    count = stage.size(100_000, 2_000)
    site = corpora.roomy(stage.work, count * 4096, count) / "small"
    corpora.small_pages(site, 0, count, scripts_every=10)
    corpus = f"{corpora.volume(corpora.pages(site))}, a tenth with a script"
    command = stage.vendor(site, "--dry-run", "--jobs", "1")
    result = contest(corpus, {"inhouse --dry-run, one thread": Contestant(command)}, stage.rounds, stage.log)
    (dry,) = result.values()
    return [amount(corpus, "CPU per page before writing", dry.cpu / count * 1e6, "µs", 15, 9)]


def big(stage):
    size = stage.size(200_000_000, 20_000_000)
    rows = []
    said = {"": "nothing to do", "head": "scripts in its head", "end": "a script at its very end"}
    for scripts, words in said.items():
        original = corpora.roomy(stage.work, 3 * size, 10) / "big"
        corpora.big_page(original / "index.html", size, scripts)
        tree = corpora.Copied(original)
        corpus = f"one page of {size / 1e6:.0f} MB, {words}"
        memory = peak_memory(Contestant(stage.vendor(tree.site), tree.fresh), min(stage.rounds, 3))
        # A page in which something matters is held whole.
        limits = (2.5 * size / 1e6 + 30, 2 * size / 1e6 + 15) if scripts else (12, 5)
        rows.append(amount(corpus, "peak memory", memory, "MB", *limits))
        tree.gone()
    return rows


def growth(stage):
    """The same kind of site at three sizes, and the largest again with a script on every page."""
    sizes = [stage.size(full, full // 100) for full in (10_000, 100_000, 1_000_000)]
    place = corpora.roomy(stage.work, 2 * sizes[-1] * 4096, 2 * sizes[-1])
    site, rows, done = place / "small", [], 0
    for count in sizes:
        corpora.small_pages(site, done, count)
        done = count
        corpus = f"{count:,} small pages, nothing to do"
        contestant = Contestant(stage.vendor(site))
        result = contest(corpus, {"inhouse": contestant}, min(stage.rounds, 3), stage.log)["inhouse"]
        limits = (150, 60) if count == sizes[-1] else (None, None)
        rows += [
            amount(corpus, "wall", result.wall, "s"),
            amount(corpus, "CPU per page", result.cpu / count * 1e6, "µs"),
            amount(corpus, "peak memory", peak_memory(contestant, 1), "MB", *limits),
        ]
    shutil.rmtree(site)
    corpora.small_pages(site, 0, done, scripts_every=1)
    corpus = f"{done:,} small pages, each with a script, rewritten"
    return rows + [amount(corpus, "peak memory", peak_memory(Contestant(stage.vendor(site)), 1), "MB", 150, 60)]


def downloads(stage):
    """Measured by a bench target of its own, which brings its CDN along."""
    if not (ROOT / "benches" / "downloads.rs").exists():
        print("downloads are left out: no benches/downloads.rs", file=sys.stderr)
        return []
    command = ["cargo", "bench", "--quiet", "--bench", "downloads", "--", "--quiet-line"]
    said = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    median = float(re.search(r"^median_ms=([\d.]+)", said, re.M).group(1))
    return [amount("40 scripts at 30 ms each, loopback CDN over TLS", "wall", median, "ms", 130, 90)]


def start_up(stage):
    site = stage.generated / "site"
    corpora.write(site / "index.html", corpora.page(0))
    rounds = max(stage.rounds, stage.size(40, 5))
    result = contest("start-up", {
        "inhouse --version": Contestant([INHOUSE, "--version"]),
        "inhouse, one page": Contestant(stage.vendor(site)),
        "true": Contestant(["true"]),
    }, rounds, stage.log)
    version, one_page = (result[name].wall * 1000 for name in ("inhouse --version", "inhouse, one page"))
    floor = f"wall (of `true`: {result['true'].wall * 1000:.1f} ms)"
    return [
        amount("`inhouse --version`", floor, version, "ms", 5, 2),
        amount("a site of one page", floor, one_page, "ms", 5, 2),
    ]


# In the order of the table. Downloads come last: for them Cargo may build the binary anew.
SCENES = {
    "idle": idle, "few": few, "rust": rust, "busy": busy, "second": second, "peers": against_peers,
    "small": small, "big": big, "growth": growth, "start-up": start_up, "downloads": downloads,
}
