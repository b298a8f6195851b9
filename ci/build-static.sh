#!/usr/bin/env bash
# Builds what runs in the guests: the daemon, the guest's init, and 32-bit programs, all static. They land in target/static.
#
#   ci/build-static.sh [guest|kestrel]      with `guest`, not the daemon; with `kestrel`, the daemon alone
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/rust.sh

only=${1:-}
packages=()
[ "$only" = kestrel ] || packages+=(-p kestrel-vm-tests --bin vm-guest)
[ "$only" = guest ] || packages+=(-p kestrel --bin kestrel)
# With --target the flag is kept away from build scripts and macros, which must be dynamic. A folder of its own, so that
# other builds do not make this one begin anew.
host=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="${RUSTFLAGS:-} -Ctarget-feature=+crt-static" \
    cargo build --locked --release --target "$host" --target-dir target/static-build "${packages[@]}"
mkdir -p target/static
for program in kestrel vm-guest; do
    built=target/static-build/$host/release/$program
    if [ -f "$built" ]; then cp "$built" target/static/; fi
done
[ "$only" != kestrel ] || exit 0
# Without a C library: 32-bit ones are not everywhere.
for program in open32 calls32; do
    gcc -m32 -static -nostdlib -ffreestanding -fno-pie -no-pie -fno-stack-protector -fno-asynchronous-unwind-tables -O1 \
        -Wall -Werror -o "target/static/$program" vm-tests/programs/"$program"*.c
done
