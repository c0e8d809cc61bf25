"""Scans, vendors and rewrites a partitioned site with Spark. `inhouse` is the filter in the middle.

    job.py INHOUSE RECORDS SITE CACHE OUT

RECORDS are lines of JSON, one a page; OUT gets the same with the pages rewritten. SITE is where the
vendor folder goes, CACHE where the lockfile and the bytes go. The workers need nothing installed: the
binary and the cache are sent to them.
"""

import os
import subprocess
import sys
import tarfile
import threading
import time

from pyspark import SparkFiles
from pyspark.sql import SparkSession


def through(archive, arguments, codes):
    """A function for `mapPartitions`: the lines of a partition through `inhouse`, as a stream."""

    def run(lines):
        home = os.path.join(SparkFiles.getRootDirectory(), archive)
        cache = ["--cache", os.path.join(home, "cache"), "--jobs", "1"]
        inhouse = subprocess.Popen(
            [os.path.join(home, "inhouse"), *arguments, *cache],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

        def feed():
            try:
                with inhouse.stdin as to:
                    for line in lines:
                        to.write(line.encode() + b"\n")
            except BrokenPipeError:
                pass  # It has ended early; its exit code says why.

        feeder = threading.Thread(target=feed, daemon=True)
        feeder.start()
        for line in inhouse.stdout:
            yield line.decode().rstrip("\n")
        feeder.join()
        if inhouse.wait() not in codes:
            raise RuntimeError(f"inhouse {arguments[0]} ended with {inhouse.returncode}")

    return run


def send(spark, inhouse, cache, name):
    """Sends the binary and the cache, as it is now, to all workers."""
    archive = f"{cache}-{name}.tar.gz"
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        tar.add(inhouse, "inhouse")
        if os.path.isdir(cache):
            tar.add(cache, "cache")
    spark.sparkContext.addArchive(f"{archive}#{name}")


def main(inhouse, records, site, cache, out):
    spark = SparkSession.builder.appName("inhouse").getOrCreate()
    pages = spark.sparkContext.textFile(records)
    began = time.monotonic()

    def took(what):
        print(f"{what}: {time.monotonic() - began:.1f} s since the start", flush=True)

    # 1. Every partition says what its pages ask for. A page that cannot be read (1) is in there, too:
    #    it keeps the plan from being drawn.
    send(spark, inhouse, cache, "scan")
    scans = pages.mapPartitions(through("scan", ["scan", "--batch"], (0, 1))).collect()
    scan = f"{cache}.scan"
    with open(scan, "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in scans)
    took(f"scanned in {pages.getNumPartitions()} partitions, {os.path.getsize(scan)} bytes of scans")

    # 2. One plan for all: fetch, verify, lock.
    plan = [inhouse, "vendor", site, "--from-scan", scan, "--cache", cache, "--source", "npm"]
    subprocess.run([*plan, "--no-progress"], check=True)
    took("vendored")

    # 3. Every partition is rewritten by the lockfile; a page that cannot be fails the job.
    send(spark, inhouse, cache, "rewrite")
    rewritten = pages.mapPartitions(through("rewrite", ["rewrite", "--batch", "--frozen"], (0,)))
    rewritten.saveAsTextFile(out)
    took("rewritten")
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
