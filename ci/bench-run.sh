#!/usr/bin/env bash
# Measures what `kestrel run` costs: a compile of a small C project, and a shell loop that does nothing but start programs;
# each plain, under `kestrel run` with the default rules, and under strace with the same kinds of calls.
#
#   ci/bench-run.sh [PROGRAM]      PROGRAM is the kestrel to measure; without it, one is built
#
# The three take turns in one run, so that what else the machine does hits all of them. The least of ROUNDS (7) is taken, in
# seconds of wall time; and the least of the seconds of all processors, in which waiting for a processor is not.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${ROUNDS:-7}
kestrel=${1:-}
if [ -z "$kestrel" ]; then
    . ci/rust.sh
    cargo build --locked --quiet --release -p kestrel
    kestrel=$PWD/target/release/kestrel
fi
kestrel=$(realpath "$kestrel")
command -v strace >/dev/null || { echo "bench-run: no strace; apt-get install strace" >&2; exit 1; }

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
# Thirty files with headers as programs have them, one function each, and one program of them.
for n in $(seq 30); do
    printf '#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n#include <sys/stat.h>\n' >"$place/part$n.c"
    printf 'int part%s(int n) { char text[64]; snprintf(text, sizeof text, "%%d", n); return (int)strlen(text); }\n' "$n" >>"$place/part$n.c"
done
{ for n in $(seq 30); do echo "int part$n(int);"; done
  echo 'int main(void) { int sum = 0;'; for n in $(seq 30); do echo "sum += part$n($n);"; done; echo 'return sum == 0; }'; } >"$place/main.c"
cat >"$place/compile" <<'C'
#!/bin/sh
cd "$(dirname "$0")"
for file in part*.c main.c; do gcc -O1 -c "$file" -o "${file%.c}.o" || exit 1; done
gcc ./*.o -o program && ./program
C
cat >"$place/loop" <<'L'
#!/bin/sh
n=0
while [ $n -lt 300 ]; do /bin/true; n=$((n + 1)); done
L
chmod +x "$place/compile" "$place/loop"

export TIMEFORMAT='%R %U %S'
time_of() { { time "$@" >/dev/null 2>"$place/errors" 3>&-; } 2>&1 | awk '{ print $1, $2 + $3 }'; }
least() { sort -n -k"$2" "$place/$1" | awk -v column="$2" 'NR == 1 { print $column }'; }
printf '%-20s %8s %12s %8s %12s %26s\n' "" plain "kestrel run" times strace "added, of strace's added"
for work in compile loop; do
    : >"$place/plain"; : >"$place/kestrel"; : >"$place/strace"
    for _ in $(seq "$rounds"); do
        time_of "$place/$work" >>"$place/plain"
        time_of "$kestrel" run -- "$place/$work" >>"$place/kestrel"
        time_of strace -f -e trace=file,process,network -o /dev/null "$place/$work" >>"$place/strace"
    done
    for column in 1 2; do
        awk -v what="$work, $([ "$column" = 1 ] && echo wall || echo processor)" -v plain="$(least plain "$column")" \
            -v kestrel="$(least kestrel "$column")" -v strace="$(least strace "$column")" \
            'BEGIN { printf "%-20s %8.3f %12.3f %8.2f %12.3f %25.0f%%\n", what, plain, kestrel, kestrel / plain, strace, 100 * (kestrel - plain) / (strace - plain) }'
    done
done
