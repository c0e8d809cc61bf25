"""Runs commands in turn and measures them. A command that fails ends everything: its time means nothing."""
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field


def run(*command, **options):
    return subprocess.run([str(part) for part in command], check=True, **options)


@dataclass
class Contestant:
    command: list
    prepare: Callable = lambda: None
    """Brings its input into the state that the command expects; not measured."""
    accept: tuple = (0,)


@dataclass
class Measured:
    """Seconds of wall and CPU time, children included."""

    wall: float
    cpu: float


@dataclass
class Log:
    """Every median of a run, for the second table."""

    entries: list = field(default_factory=list)


def once(contestant):
    contestant.prepare()
    with tempfile.TemporaryFile() as said:
        start = time.monotonic()
        command = [str(part) for part in contestant.command]
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said)
        try:
            _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            child.kill()
            raise
        wall = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode not in contestant.accept:
            said.seek(0)
            words = said.read().decode(errors="replace")[-2000:]
            sys.exit(f"`{' '.join(command)}` exited with {child.returncode}\n{words}")
    return Measured(wall, usage.ru_utime + usage.ru_stime)


def contest(corpus, contestants, rounds, log):
    """Medians for each contestant, run in turn, round after round. The first round only warms up."""
    results = {name: [] for name in contestants}
    for turn in range(rounds + 1):
        for name, contestant in contestants.items():
            measured = once(contestant)
            if turn > 0:
                results[name].append(measured)
    median = lambda runs, key: statistics.median(getattr(one, key) for one in runs)
    medians = {name: Measured(median(runs, "wall"), median(runs, "cpu")) for name, runs in results.items()}
    log.entries += [(corpus, name, measured) for name, measured in medians.items()]
    return medians


def peak_memory(contestant, rounds):
    """Megabytes at the peak, the median. Asked of `time`, since what Python starts inherits Python's own peak."""
    peaks = []
    for _ in range(rounds):
        with tempfile.NamedTemporaryFile("r") as peak:
            once(Contestant(["time", "-q", "-f", "%M", "-o", peak.name, *contestant.command], contestant.prepare))
            peaks.append(int(peak.read()) * 1024 / 1e6)
    return statistics.median(peaks)
