#!/usr/bin/env bash
# Builds the kernel that looks at itself while machine tests run (lockdep, KASAN, sleeping in atomic context), from Debian's
# linux-source-6.12 and ci/debug-kernel.config, as target/kernels/6.12-debug. It is built once, and again if one of the two
# changes; with two CPUs that takes a quarter of an hour or more. Nothing is installed but the tools that it is built with.
#
#   ci/debug-kernel.sh            then: ci/vm-tests.sh --kernel 6.12-debug
#
# KESTREL_JOBS is the number of compilers at a time; without it, as many as there are CPUs.
set -euo pipefail
cd "$(dirname "$0")/.."
config=$PWD/ci/debug-kernel.config
build=$PWD/target/debug-kernel
result=$PWD/target/kernels/6.12-debug
package=linux-source-6.12
jobs=${KESTREL_JOBS:-$(nproc)}

die() {
    echo "debug-kernel: $*" >&2
    exit 1
}

if [ -e "$result/release" ] && cmp -s "$config" "$result/config"; then exit 0; fi

ci/setup.sh kernel
mkdir -p "$build"
exec 8>"$build/lock"
flock 8

if [ ! -e "$build/unpacked" ]; then
    echo "==> $package"
    (cd "$build" && rm -rf package src ./"$package"_*.deb &&
        apt-get -q -o APT::Sandbox::User= download "$package" >/dev/null) ||
        die "apt cannot download $package: apt-get update, or add Debian's security archive to its sources"
    dpkg -x "$build/$package"_*.deb "$build/package"
    mkdir "$build/src"
    tar -xf "$build/package/usr/src/$package.tar.xz" -C "$build/src" --strip-components=1
    rm -rf "$build/package" "$build/$package"_*.deb
    touch "$build/unpacked"
fi

echo "==> the debug kernel ($jobs at a time; target/debug-kernel/build.log says how far it is)"
cd "$build/src"
make -s KCONFIG_ALLCONFIG="$config" allnoconfig >"$build/build.log" 2>&1 || die "the configuration fails, see $build/build.log"
# What depends on something that is off is left out without a word.
grep -E '^CONFIG_' "$config" | grep -vxFf .config && die "these options of ci/debug-kernel.config are not in force"
nice -n 5 make -j"$jobs" KBUILD_BUILD_TIMESTAMP= bzImage modules >>"$build/build.log" 2>&1 ||
    die "it does not build, see $build/build.log"

# As Debian's packages unpack: that is where the harness and ci/build-kmod.sh look.
release=$(make -s kernelrelease)
rm -rf "$result"
mkdir -p "$result/root/boot" "$result/root/usr/src" "$result/root/lib/modules/$release/kernel/drivers/net"
cp arch/x86/boot/bzImage "$result/root/boot/vmlinuz-$release"
cp drivers/net/dummy.ko "$result/root/lib/modules/$release/kernel/drivers/net/"
ln -s ../../../../../debug-kernel/src "$result/root/usr/src/linux-headers-$release"
cp "$config" "$result/config"
echo "$release" >"$result/release"
echo "target/kernels/6.12-debug: $release"
