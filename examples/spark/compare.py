"""Holds what the job wrote against what a single machine wrote, byte for byte.

    compare.py SITE OUT JOB_SITE
"""

import base64
import glob
import hashlib
import json
import os
import sys


def files(folder):
    """Every file below a folder: path and SHA-256."""
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(base, name)
            with open(path, "rb") as file:
                yield os.path.relpath(path, folder), hashlib.sha256(file.read()).hexdigest()


def records(out):
    """Every page of the job: path and SHA-256."""
    for part in sorted(glob.glob(os.path.join(out, "part-*"))):
        with open(part, encoding="utf-8", newline="\n") as lines:
            for line in lines:
                record = json.loads(line)
                page = record.get("page")
                data = base64.b64decode(record["page-base64"]) if page is None else page.encode()
                yield record["path"], hashlib.sha256(data).hexdigest()


def main(site, out, job_site):
    expected = dict(files(site))
    pages = list(records(out))
    vendored = list(files(job_site))
    found = dict(pages + vendored)
    assert len(found) == len(pages) + len(vendored), "a page came out twice"
    differing = [path for path in expected.keys() | found.keys() if expected.get(path) != found.get(path)]
    assert not differing, f"{len(differing)} files differ, such as {sorted(differing)[:5]}"
    print(f"{len(pages)} pages and {len(vendored)} vendored files are the same, byte for byte")


if __name__ == "__main__":
    main(*sys.argv[1:])
