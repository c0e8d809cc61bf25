#!/usr/bin/env bash
# Vendors a generated site with Spark, vendors it again on one machine, and compares all bytes.
# Installs what it needs (a JRE through apt-get if there is none, PySpark in a folder of its own), asks
# npm for three small packages, and deletes everything it made. PAGES=1000 makes a smaller site.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
pages=${PAGES:-100000}
work=$(mktemp -d "${TMPDIR:-/tmp}/inhouse-spark.XXXXXX")
trap 'rm -rf "$work"' EXIT

step() { printf '\n== %s\n' "$*"; }

if ! java -version >/dev/null 2>&1; then
    step "installing a JRE"
    sudo=()
    ((EUID == 0)) || sudo=(sudo)
    "${sudo[@]}" apt-get update -qq
    DEBIAN_FRONTEND=noninteractive "${sudo[@]}" apt-get install -y -qq --no-install-recommends default-jre-headless >/dev/null
fi

inhouse=${INHOUSE:-}
if [[ -z $inhouse ]]; then
    step "building inhouse"
    cargo build --locked --release --manifest-path "$here/../../Cargo.toml"
    inhouse=$here/../../target/release/inhouse
fi
inhouse=$(realpath "$inhouse")

python=${SPARK_PYTHON:-}
if [[ -z $python ]]; then
    step "installing PySpark"
    python3 -m venv "$work/venv"
    python=$work/venv/bin/python
    "$python" -m pip install --quiet --disable-pip-version-check pyspark==4.3.0
fi

step "generating $pages pages"
"$python" "$here/generate.py" "$pages" "$work/site" "$work/records" 12
du -sh --apparent-size "$work/records" | cut -f1

cd "$work" # No configuration but the command line's.

step "Spark: scan, vendor, rewrite with three workers"
export SPARK_HOME
SPARK_HOME=$("$python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')
PYSPARK_PYTHON=$python SPARK_LOCAL_DIRS=$work/spark SPARK_WORKER_DIR=$work/workers \
    "$SPARK_HOME/bin/spark-submit" --master 'local-cluster[3,1,1024]' \
    --conf spark.ui.enabled=false --conf spark.log.level=WARN \
    "$here/job.py" "$inhouse" "$work/records" "$work/job-site" "$work/job-cache" "$work/out"

step "one machine: vendor"
time "$inhouse" vendor site --cache cache --source npm --no-progress --quiet

step "comparing"
cmp cache/inhouse.lock job-cache/inhouse.lock
"$python" "$here/compare.py" site out job-site

step "cost of a page: processor time, JSON included"
# The site is vendored by now; the records still are as they were.
cat records/*.jsonl >all.jsonl
bytes=$(stat -c %s all.jsonl)
cost() {
    local TIMEFORMAT='%U %S' seconds
    seconds=$({ time "$inhouse" "$@" --cache cache --jobs 1 <all.jsonl >result.jsonl; } 2>&1)
    awk -v name="$1" -v times="$seconds" -v pages="$pages" -v bytes="$bytes" 'BEGIN {
        split(times, part, " "); seconds = part[1] + part[2]
        printf "%s: %.1f µs a page of %.1f kB; a billion pages: %.1f core hours, %.1f TB of records\n",
            name, seconds / pages * 1e6, bytes / pages / 1e3, seconds / pages * 1e9 / 3600, bytes / pages / 1e3 }'
}
cost scan --batch
cost rewrite --batch --frozen
