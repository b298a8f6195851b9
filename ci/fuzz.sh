#!/usr/bin/env bash
# Feeds hostile bytes to the fuzz targets of fuzz/Cargo.toml, each over its corpus in fuzz/corpus/TARGET.
#
#   ci/fuzz.sh [--seconds N] [TARGET...]     N seconds each (10); all targets, or those named
#
# What was found to break a target is kept in fuzz/artifacts/TARGET. Inputs that reached something new are kept in
# fuzz/target/corpus/TARGET for the next run; those worth keeping for good belong into fuzz/corpus/TARGET.
#
# The stable compiler has all that is needed: LLVM's coverage pass, which cargo-fuzz uses as well; libfuzzer-sys brings
# libFuzzer's sources. Without AddressSanitizer, though: bounds and overflows are checked, wrong unsafe code is found only
# if it faults.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/rust.sh

seconds=10
chosen=()
while [ $# -gt 0 ]; do
    case $1 in
    --seconds)
        seconds=${2:-}
        shift
        case $seconds in '' | *[!0-9]*) echo "fuzz: --seconds wants a whole number" >&2; exit 2 ;; esac
        ;;
    -*) sed -n '2,5s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    *) chosen+=("$1") ;;
    esac
    shift
done
mapfile -t targets < <(sed -n '/^\[\[bin\]\]/,/^$/s/^name = "\(.*\)"$/\1/p' fuzz/Cargo.toml)
for target in "${chosen[@]}"; do
    printf '%s\n' "${targets[@]}" | grep -qxF -- "$target" || {
        echo "fuzz: there is no target $target; there are: ${targets[*]}" >&2
        exit 2
    }
done
[ ${#chosen[@]} = 0 ] || targets=("${chosen[@]}")

# With --target the flags are kept away from build scripts and macros.
host=$(rustc -vV | sed -n 's/^host: //p')
flags="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4
 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table
 -Cllvm-args=-sanitizer-coverage-trace-compares"
bins=()
for target in "${targets[@]}"; do bins+=(--bin "$target"); done
# shellcheck disable=SC2086  # a list of words
RUSTFLAGS="${RUSTFLAGS:-} $(echo $flags)" cargo build --quiet --locked --release --manifest-path fuzz/Cargo.toml \
    --target-dir fuzz/target --target "$host" "${bins[@]}"

broken=()
for target in "${targets[@]}"; do
    program=fuzz/target/$host/release/$target
    corpus=fuzz/corpus/$target grown=fuzz/target/corpus/$target artifacts=fuzz/artifacts/$target log=fuzz/target/$target.log
    [ -d "$corpus" ] || { echo "fuzz: $corpus is missing: every target begins with a few inputs made by hand" >&2; exit 1; }
    mkdir -p "$grown" "$artifacts"
    touch fuzz/target/begin
    if "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -detect_leaks=0 -print_final_stats=1 \
        -artifact_prefix="$artifacts/" "$grown" "$corpus" >"$log" 2>&1; then
        runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
        reached=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
        printf '%-14s %10s inputs in %3d s, %5s edges reached\n' "$target" "$runs" "$seconds" "$reached"
        rmdir --ignore-fail-on-non-empty "$artifacts"
        continue
    fi
    broken+=("$target")
    printf '%-14s broken:\n' "$target"
    grep -E "panicked at|^==[0-9]+== ?ERROR|^SUMMARY" -A 2 "$log" | head -n 12 | sed 's/^/    /'
    found=$(find "$artifacts" -type f -newer fuzz/target/begin)
    if [ -n "$found" ]; then
        echo "  again with:"
        for input in $found; do echo "    $program $input"; done
    else
        echo "  and no input was kept; the whole log: $log"
    fi
done
[ ${#broken[@]} = 0 ] || { echo "fuzz: broken: ${broken[*]}" >&2; exit 1; }
