#!/bin/sh
# Builds the kernel module for one or more kernels.
#
#   ci/build-kmod.sh DIR...        DIR holds a kernel's unpacked Debian packages (image, headers, headers-common, kbuild),
#                                  in DIR or in DIR/root, as `dpkg -x` leaves them
#   ci/build-kmod.sh --running     for the kernel that runs here, with its installed headers
#
# Gives target/kmod/RELEASE/kestrel.ko for each. Every warning, of the compiler, objtool or modpost, is an error. Nothing
# is loaded and nothing is installed.
set -eu
cd "$(dirname "$0")/.."
root=$PWD
[ $# -gt 0 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0" >&2; exit 2; }

die() {
    echo "build-kmod: $*" >&2
    exit 1
}

for tool in make gcc ld; do
    command -v "$tool" >/dev/null 2>&1 || die "no $tool; apt-get install build-essential"
done

# build RELEASE HEADERS: HEADERS is what /lib/modules/RELEASE/build points to.
build() {
    release=$1 headers=$2
    out=$root/target/kmod/$release
    mkdir -p "$out"
    # Headers of another machine's kernels (with this machine's kbuild tools beside them) are built for across.
    arch=x86_64 cross='' across=''
    if grep -q '^CONFIG_ARM64=y' "$headers/.config" 2>/dev/null; then arch=aarch64; fi
    if [ "$arch" != "$(uname -m)" ]; then
        cross=$arch-linux-gnu-
        across="CROSS_COMPILE=$cross"
    fi
    object=$root/target/kmod/kestrel_rs-$arch.o
    KESTREL_ARCH=$arch ci/build-kmod-object.sh "$object"
    # A copy of the sources, so that kernels do not get in each other's way; only what changed, so that make sees it.
    for file in kmod/*.c kmod/*.h kmod/Kbuild; do
        cmp -s "$file" "$out/$(basename "$file")" || cp "$file" "$out/"
    done
    rm -f "$out/build.log"
    # The compiler that built the kernel, if it is there under its version's name.
    cc=$(sed -n 's/^CONFIG_CC_VERSION_TEXT=".*gcc-\([0-9]*\).*/gcc-\1/p' "$headers/.config" 2>/dev/null)
    newest=$(${cross}gcc -dumpversion 2>/dev/null | cut -d. -f1)
    within=
    if [ -n "$cc" ] && ! command -v "$cross$cc" >/dev/null 2>&1; then
        # An older kernel is content with a newer compiler, a newer one is not with an older: Debian's next release has it.
        if [ "${cc#gcc-}" -gt "${newest:-0}" ]; then within=ci/in-sid.sh; fi
        cc=
    fi
    cc=$cross${cc:-gcc}
    # No type information for BPF is added: the module has no use for it, and it would need one more tool (pahole).
    # shellcheck disable=SC2086  # what goes across is one word or none
    if ! $within make -C "$headers" M="$out" CC="$cc" $across KESTREL_RUST_OBJECT="$object" CONFIG_DEBUG_INFO_BTF_MODULES= modules \
        >"$out/build.log" 2>&1; then
        cat "$out/build.log" >&2
        die "the module does not build for $release"
    fi
    if grep -iE 'warning|objtool:' "$out/build.log" | grep -vE 'the compiler differs|pahole version differs|^ *(The kernel was built by|You are using)' >&2; then
        die "warnings for $release, see $out/build.log"
    fi
    [ -f "$out/kestrel.ko" ] || die "no kestrel.ko for $release, see $out/build.log"
    # What kbuild leaves is 2 MB of information for debuggers around 100 KB of module: kept beside it.
    if [ ! -e "$out/kestrel.ko.debug" ] || [ "$out/kestrel.ko" -nt "$out/kestrel.ko.debug" ]; then
        cp "$out/kestrel.ko" "$out/kestrel.ko.debug"
        "${cross}strip" --strip-debug "$out/kestrel.ko"
        touch "$out/kestrel.ko.debug"
    fi
    echo "target/kmod/$release/kestrel.ko"
}

mkdir -p target/kmod
exec 8>target/kmod/module.lock
flock 8

for dir in "$@"; do
    if [ "$dir" = --running ]; then
        release=$(uname -r)
        headers=/lib/modules/$release/build
        [ -e "$headers/Makefile" ] ||
            die "no headers for $release; apt-get install linux-headers-$release (or your distribution's package of them)"
        build "$release" "$headers"
        continue
    fi
    tree=$dir
    [ -d "$tree/root" ] && tree=$tree/root
    [ -d "$tree/usr/src" ] || die "$dir: no unpacked header packages there (expected usr/src in it or in its root)"
    tree=$(cd "$tree" && pwd)
    found=
    for headers in "$tree"/usr/src/linux-headers-*; do
        case $headers in *-common | *-common-rt) continue ;; esac
        [ -f "$headers/.config" ] || continue
        # Debian's headers name each other by absolute paths, as installed; here they lie elsewhere.
        sed -i -E "s#^(include |KBUILD_OUTPUT=).*/usr/src/#\\1$tree/usr/src/#" "$headers/Makefile"
        build "${headers##*/linux-headers-}" "$headers"
        found=1
    done
    [ -n "$found" ] || die "$dir: no kernel's headers in usr/src"
done
