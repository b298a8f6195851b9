#!/bin/sh
# Builds all Rust code of the kernel module into one object, and refuses it if a panic can be reached.
#
#   ci/build-kmod-object.sh [--features FEATURES] [OUTPUT]
#
# OUTPUT is target/kmod/kestrel_rs.o by default. Needs Debian's rustc-web and rust-web-src (RUSTC=/path/to/rustc to use
# another compiler whose library sources lie beside it or in RUST_LIB_SRC), any cargo, and binutils.
#
# libcore is never linked. What is generic in it is compiled into our crates with our flags; what is not stays an
# undefined symbol, and that is the gate: panics, formatting and the like are not generic.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
features=
out=
while [ $# -gt 0 ]; do
    case $1 in
    --features) features=$2; shift 2 ;;
    -*) echo "usage: ci/build-kmod-object.sh [--features FEATURES] [OUTPUT]" >&2; exit 2 ;;
    *) out=$1; shift ;;
    esac
done
out=${out:-target/kmod/kestrel_rs.o}

arch=${KESTREL_ARCH:-$(uname -m)}
common="-Copt-level=2 -Cpanic=abort -Crelocation-model=static -Cno-redzone=y -Cforce-unwind-tables=n -Cembed-bitcode=n
 -Ccodegen-units=1 -Csymbol-mangling-version=v0 -Zplt=y -Cdebuginfo=0 -Cdebug-assertions=n -Coverflow-checks=n"
case $arch in
x86_64)
    target=x86_64-unknown-none
    flags="$common -Ccode-model=kernel -Cjump-tables=n -Zfunction-return=thunk-extern -Zcf-protection=branch"
    thunks=__x86_return_thunk
    tools=
    ;;
aarch64)
    target=aarch64-unknown-none-softfloat
    flags="$common -Zbranch-protection=pac-ret"
    thunks=
    tools=aarch64-linux-gnu-
    ;;
*) echo "build-kmod-object: no recipe for $arch" >&2; exit 2 ;;
esac
[ "$arch" = "$(uname -m)" ] && tools=
flags=$(echo $flags)

RUSTC=${RUSTC:-/usr/bin/rustc}
if ! version=$("$RUSTC" -vV 2>/dev/null); then
    echo "build-kmod-object: no $RUSTC; apt-get install rustc-web rust-web-src, or set RUSTC" >&2
    exit 1
fi
release=$(echo "$version" | sed -n 's/^release: //p')
library=${RUST_LIB_SRC:-}
for candidate in "/usr/src/rustc-$release/library" "$("$RUSTC" --print sysroot)/lib/rustlib/src/rust/library"; do
    if [ -z "$library" ] && [ -f "$candidate/core/src/lib.rs" ]; then library=$candidate; fi
done
if [ -z "$library" ]; then
    echo "build-kmod-object: no library sources for rustc $release; apt-get install rust-web-src" >&2
    exit 1
fi
export RUSTC RUSTC_BOOTSTRAP=1
# One build at a time; the lock is let go when this script ends.
mkdir -p target/kmod
exec 9>target/kmod/object.lock
flock 9

# core, compiled once for each compiler and set of flags. compiler_builtins is an empty crate: rustc wants one to exist.
key=$(printf '%s\n%s\n' "$version" "$flags" | sha256sum | cut -c1-16)
sysroot=$root/target/kmod/sysroot-$arch-$key
libs=$sysroot/lib/rustlib/$target/lib
if [ ! -f "$libs/libcompiler_builtins.rlib" ]; then
    echo "build-kmod-object: compiling core for $target (once, half a minute)"
    rm -rf "$root/target/kmod/sysroot-$arch"-*
    mkdir -p "$libs"
    "$RUSTC" --edition 2024 --target "$target" --crate-name core --crate-type rlib $flags --cap-lints allow \
        -Zforce-unstable-if-unmarked --out-dir "$libs" "$library/core/src/lib.rs"
    printf '%s\n' '#![feature(compiler_builtins)]' '#![compiler_builtins]' '#![no_builtins]' '#![no_std]' |
        "$RUSTC" --edition 2024 --target "$target" --sysroot "$sysroot" --crate-name compiler_builtins \
            --crate-type rlib $flags --cap-lints allow -Zforce-unstable-if-unmarked --out-dir "$libs" -
fi

# Our crates and theirs, by cargo. The flags go to the kernel's target alone; macros are compiled for this machine. Which
# libraries they became is taken from cargo's own messages, so that nothing left over from earlier builds gets in.
messages=$root/target/kmod/cargo-messages.json
mkdir -p "$(dirname "$out")"
# Every function of ours may be inlined into every other: the crates are one object in the end.
CARGO_TARGET_DIR=$root/target/kmod/cargo RUSTFLAGS="--sysroot $sysroot $flags -Zcross-crate-inline-threshold=always" CARGO_PROFILE_RELEASE_LTO=off \
    CARGO_PROFILE_RELEASE_OPT_LEVEL=2 CARGO_PROFILE_RELEASE_STRIP=none \
    cargo build --quiet --locked --release --target "$target" --package kestrel-kmod --lib ${features:+--features "$features"} \
    --message-format=json-render-diagnostics >"$messages"
rlibs=$(tr ',"[]' '\n\n\n\n' <"$messages" | grep "/$target/.*\.rlib$" | sort -u)

# One object, from what the entry points reach. Sections are merged as the module will have them anyway.
script=$root/target/kmod/object.lds
cat >"$script" <<'LDS'
SECTIONS {
    .text : { *(.text .text.*) }
    .rodata : { *(.rodata .rodata.*) }
    .data.rel.ro : { *(.data.rel.ro .data.rel.ro.*) }
    .data : { *(.data .data.*) }
    .bss : { *(.bss .bss.*) }
    .note.gnu.property : { *(.note.gnu.property) }
    /DISCARD/ : { *(.comment .eh_frame .llvm_addrsig .note.GNU-stack .debug*) }
}
LDS
entries=$(for rlib in $rlibs; do "${tools}nm" --defined-only --extern-only "$rlib" 2>/dev/null; done |
    sed -n 's/^[0-9a-f]* T \(kestrel_rs_[a-z_]*\)$/\1/p' | sort -u)
[ -n "$entries" ] || { echo "build-kmod-object: the crate has no entry points" >&2; exit 1; }
"${tools}ld" -r --gc-sections $(printf -- '-u %s ' $entries) -T "$script" -o "$out.unchecked" \
    --start-group $rlibs --end-group

# ld keeps the names of what only discarded sections referred to: take them out. Take out the names of the crates' units,
# of which an object has one at most or objtool holds it for a finished kernel. Make all but the entry points local.
referenced=$("${tools}readelf" -rW "$out.unchecked" | awk '$3 ~ /^R_/ { print $5 }' | sort -u)
leftover=$("${tools}nm" --undefined-only "$out.unchecked" | sed 's/^ *U //' | sort -u | while read -r symbol; do
    echo "$referenced" | grep -qxF -- "$symbol" || echo "$symbol"
done)
"${tools}objcopy" $(printf -- '--keep-global-symbol=%s ' $entries) $([ -z "$leftover" ] || printf -- '-N %s ' $leftover) \
    --wildcard --strip-symbol='*-cgu.*' "$out.unchecked"

# The gate. Allowed: the shim's helpers, the four memory functions, the kernel's return thunk.
undefined=$("${tools}nm" --undefined-only "$out.unchecked" | sed 's/^ *U //' |
    grep -vxE "kestrel_[a-z_]+|memcpy|memmove|memset|memcmp|bcmp${thunks:+|$thunks}" || true)
if [ -n "$undefined" ]; then
    echo "build-kmod-object: the object needs what the kernel does not have:" >&2
    for symbol in $undefined; do
        echo "  $symbol" >&2
        # Which functions refer to it: relocations, in the order of the disassembly.
        "${tools}objdump" -dr --no-show-raw-insn "$out.unchecked" | awk -v symbol="$symbol" '
            /^[0-9a-f]+ <.*>:$/ { name = $2; gsub(/[<>:]/, "", name) }
            index($0, "R_") && index($0, symbol) { if (!seen[name]++) print "    needed by " name }' >&2
    done
    echo "Where a symbol names panicking, fmt, index or unwrap, a panic can be reached: use get(), checked arithmetic, match." >&2
    exit 1
fi
mv "$out.unchecked" "$out"
