#!/usr/bin/env bash
# Measures what things cost in user space, and prints a table: the time of one run of each benchmark, and how many records,
# events or alerts a second that makes.
#
#   ci/bench.sh [NAME]       all of bench/, or those with NAME in their names
#
# Four seconds each. Times are those of this machine, at this moment: compare runs on the same quiet machine only. What
# criterion says about each, with its bounds and its comparison with the last run, is in target/bench.log.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/rust.sh

case $#:${1:-} in
0: | 1:[!-]*) ;;
*) sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
mkdir -p target
cargo bench --locked --quiet -p kestrel-bench -- --warm-up-time 1 --measurement-time 3 "$@" >target/bench.log 2>target/bench.errors || {
    cat target/bench.errors target/bench.log >&2
    echo "bench: a benchmark failed" >&2
    exit 1
}

# A name, on a line of its own if it is long, then lines of three estimates: the one in the middle counts.
awk '
    BEGIN { printf "%-32s %14s %22s\n", "benchmark", "time", "throughput" }
    function middle(line) { sub(/.*\[/, "", line); split(line, part, " "); return part[3] " " part[4] }
    function show() { if (time) printf "%-32s %14s %22s\n", name, time, rate; time = rate = "" }
    # What follows compares with the last run.
    / change:/ { show(); compares = 1 }
    /^[^ ]/ { show(); compares = 0; name = $0; sub(/ +time: .*/, "", name) }
    compares { next }
    / time: +\[/ { time = middle($0) }
    / thrpt: +\[/ { rate = middle($0); sub(/elem/, "", rate) }
    END { show() }
' target/bench.log >target/bench.table
cat target/bench.table
[ "$(wc -l <target/bench.table)" -gt 1 ] || { echo "bench: there is no benchmark with $* in its name" >&2; exit 1; }
