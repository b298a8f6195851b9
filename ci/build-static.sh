#!/usr/bin/env bash
# Builds what runs in the guests: the daemon, the guest's init, and for x86 32-bit programs, all static. They land in
# target/static.
#
#   ci/build-static.sh [--arch aarch64] [guest|kestrel]      with `guest`, not the daemon; with `kestrel`, the daemon alone
#
# For another architecture than this machine's they land in target/static/ARCH. Its standard library is rustup's for musl if
# that is installed (`rustup target add aarch64-unknown-linux-musl`), else Debian's, which ci/setup.sh unpacks.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/rust.sh

arch=$(uname -m)
if [ "${1:-}" = --arch ]; then
    arch=$2
    shift 2
fi
only=${1:-}
packages=()
[ "$only" = kestrel ] || packages+=(-p kestrel-vm-tests --bin vm-guest)
[ "$only" = guest ] || packages+=(-p kestrel --bin kestrel)
# With --target the flag is kept away from build scripts and macros, which must be dynamic. A folder of its own, so that
# other builds do not make this one begin anew.
host=$(rustc -vV | sed -n 's/^host: //p')
target=$host out=target/static sysroot=
if [ "$arch" != "$(uname -m)" ]; then
    target=$arch-unknown-linux-musl out=target/static/$arch
    if [ ! -d "$(rustc --print target-libdir --target "$target")" ]; then
        # Debian's library fits Debian's compiler alone.
        target=$arch-unknown-linux-gnu
        sysroot=$PWD/target/std/$arch/root/usr
        [ -d "$sysroot/lib/rustlib/$target" ] || {
            echo "build-static: no standard library for $arch: ci/setup.sh vm-arm64 brings one" >&2
            exit 1
        }
        RUSTC=/usr/bin/rustc
        export RUSTC
    fi
    gcc=$arch-linux-gnu-gcc
    variable=${target//-/_}
    export "CC_$variable=$gcc" "CARGO_TARGET_${variable^^}_LINKER=$gcc"
fi
RUSTFLAGS="${RUSTFLAGS:-} -Ctarget-feature=+crt-static${sysroot:+ --sysroot $sysroot}" \
    cargo build --locked --release --target "$target" --target-dir target/static-build "${packages[@]}"
mkdir -p "$out"
for program in kestrel vm-guest; do
    built=target/static-build/$target/release/$program
    if [ -f "$built" ]; then cp "$built" "$out/"; fi
done
[ "$only" != kestrel ] && [ "$arch" = x86_64 ] || exit 0
# Without a C library: 32-bit ones are not everywhere.
for program in open32 calls32; do
    gcc -m32 -static -nostdlib -ffreestanding -fno-pie -no-pie -fno-stack-protector -fno-asynchronous-unwind-tables -O1 \
        -Wall -Werror -o "target/static/$program" vm-tests/programs/"$program"*.c
done
