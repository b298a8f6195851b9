#!/bin/sh
# Shows that the kernel module cannot be linked with a panic path in it: builds the Rust object as it is, which must pass,
# and with an index that nobody checked, which must be refused by name.
#
#   ci/test-panic-gate.sh
set -eu
cd "$(dirname "$0")/.."
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

ci/build-kmod-object.sh "$dir/sound.o"
[ -f "$dir/sound.o" ] || { echo "panic gate: no object" >&2; exit 1; }

if ci/build-kmod-object.sh --features panic-path "$dir/panics.o" >"$dir/log" 2>&1; then
    echo "panic gate: an object with a panic path was accepted" >&2
    exit 1
fi
if [ -f "$dir/panics.o" ]; then
    echo "panic gate: an object was refused and is there all the same" >&2
    exit 1
fi
for text in panic_bounds_check 'needed by kestrel_rs_panic_path'; do
    if ! grep -q "$text" "$dir/log"; then
        echo "panic gate: the message does not name $text:" >&2
        cat "$dir/log" >&2
        exit 1
    fi
done
echo "panic gate: the sound object is accepted, the one with a panic path refused by name"
