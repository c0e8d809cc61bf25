"""What was measured, as Markdown: one row for each thing that has to be reached."""
from dataclasses import dataclass


@dataclass
class Row:
    work: str
    yardstick: str
    ours: str
    theirs: str
    figure: str
    must: str
    aim: str
    reached: str


def verdict(figure, must, aim, more_is_better):
    """In words, since it is read without colours: whether `figure` is as good as it must be."""
    as_good_as = (lambda limit: figure >= limit) if more_is_better else (lambda limit: figure <= limit)
    if must is None:
        return ""
    if not as_good_as(must):
        return "**no**"
    return "yes, the aim too" if aim is not None and as_good_as(aim) else "yes"


def shown(number, unit=""):
    if number is None:
        return ""
    digits = 0 if number >= 100 else 1 if number >= 10 else 2
    return f"{number:.{digits}f}{unit}"


def seconds(number):
    return f"{number:.3f} s" if number >= 0.1 else f"{number * 1000:.1f} ms"


def ratio(work, yardstick, ours, theirs, must=None, aim=None):
    """How often `theirs` goes into `ours`: less is better."""
    figure, limit = ours / theirs, lambda number: f"≤ {number}" if number is not None else ""
    reached = verdict(figure, must, aim, more_is_better=False)
    return Row(work, yardstick, seconds(ours), seconds(theirs), shown(figure), limit(must), limit(aim), reached)


def faster(work, yardstick, ours, theirs, must=None, aim=None):
    """How often `ours` goes into `theirs`: more is better."""
    figure, limit = theirs / ours, lambda number: f"≥ {number} ×" if number is not None else ""
    reached = verdict(figure, must, aim, more_is_better=True)
    return Row(work, yardstick, seconds(ours), seconds(theirs), shown(figure, " ×"), limit(must), limit(aim), reached)


def amount(work, what, ours, unit, must=None, aim=None):
    """A figure that is not held against another tool: less is better."""
    limit = lambda number: f"≤ {number} {unit}" if number is not None else ""
    reached = verdict(ours, must, aim, more_is_better=False)
    return Row(work, what, "", "", shown(ours, f" {unit}"), limit(must), limit(aim), reached)


def goals(rows):
    """The table; equal work is named once."""
    lines = [
        "| work | yardstick | Inhouse | yardstick | figure | must | aim | reached |",
        "|---|---|---:|---:|---:|---:|---:|---|",
    ]
    before = None
    for row in rows:
        work = row.work if row.work != before else "the same"
        before = row.work
        cells = [work, row.yardstick, row.ours, row.theirs, row.figure, row.must, row.aim, row.reached]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def medians(entries):
    lines = ["| corpus | command | wall | CPU |", "|---|---|---:|---:|"]
    lines += [f"| {corpus} | {name} | {seconds(one.wall)} | {seconds(one.cpu)} |" for corpus, name, one in entries]
    return "\n".join(lines)
