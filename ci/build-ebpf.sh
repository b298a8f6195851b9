#!/usr/bin/env bash
# Builds the eBPF probe (ebpf/) with Debian's rustc-web and LLVM, and compares it with the object that is committed.
#
#   ci/build-ebpf.sh             builds to target/ebpf and compares; without the toolchain, or with another than the
#                                object was built with (ebpf/toolchain.txt), says so and is content
#   ci/build-ebpf.sh --commit    puts what was built in the committed object's place
set -euo pipefail
cd "$(dirname "$0")/.."

object=ebpf/kestrel.bpf.o
rustc=/usr/bin/rustc
core=$("$rustc" --print sysroot 2>/dev/null || true)/lib/rustlib/bpfel-unknown-none/lib
if ! compgen -G "$core/libcore-*" >/dev/null || ! command -v llc-22 >/dev/null; then
    echo "ci/build-ebpf.sh: the toolchain for eBPF is not here (ci/setup.sh ebpf brings it): $object stays as it is" >&2
    [ "${1:-}" != --commit ] || exit 1
    exit 0
fi

out=target/ebpf
mkdir -p "$out"
# Link-time optimisation leaves one file of LLVM's bitcode: the "linker" makes the object of it.
cat >"$out/linker" <<'LINKER'
#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
    *.o) [ -n "${bitcode:-}" ] || bitcode=$1 ;;
    -o) to=$2; shift ;;
    esac
    shift
done
exec llc-22 -march=bpfel -mcpu=v3 -filetype=obj -o "$to" "$bitcode"
LINKER
chmod +x "$out/linker"
"$rustc" --edition 2024 --crate-name kestrel_ebpf --crate-type bin --target bpfel-unknown-none \
    -Copt-level=3 -Cpanic=abort -Ccodegen-units=1 -Clto=fat -Cembed-bitcode=yes -Clinker="$out/linker" \
    --remap-path-prefix "$PWD"=. -Dwarnings -o "$out/kestrel.bpf.o" ebpf/src/main.rs
llvm-strip-22 -g "$out/kestrel.bpf.o"

versions=$("$rustc" --version; llc-22 --version | sed -n 's/^ *\(.*LLVM version .*\)/\1/p')
if [ "${1:-}" = --commit ]; then
    cp "$out/kestrel.bpf.o" "$object"
    printf '%s\n' "$versions" >ebpf/toolchain.txt
elif cmp "$out/kestrel.bpf.o" "$object"; then
    :
elif [ "$versions" = "$(cat ebpf/toolchain.txt)" ]; then
    echo "ci/build-ebpf.sh: $object is not what ebpf/src makes: ci/build-ebpf.sh --commit" >&2
    exit 1
else
    # Another compiler makes other code of the same source: nothing to compare with.
    printf 'ci/build-ebpf.sh: %s was built with another toolchain, it stays as it is. Here:\n%s\n' "$object" "$versions" >&2
fi
