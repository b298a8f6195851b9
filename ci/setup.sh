#!/usr/bin/env bash
# Installs what a build needs and is not here yet, from Debian's packages. Nothing that is installed is removed.
#
#   ci/setup.sh [module|ebpf|vm|vm-arm64|runtimes|kernel|running|fuzz|outputs|run]...
#
#   (always)   a C compiler; Rust of at least 1.95 if there is none, from Debian's rustc-web and cargo-web
#   module     the compiler and library sources that the kernel module is built with
#   ebpf       the compiler, its library for BPF and LLVM, which the eBPF probe is built with
#   vm         QEMU and busybox, for machine tests; runc, unpacked in target/runc: containers are started with it in the guests
#   vm-arm64   QEMU for arm64, and a compiler that builds the module and the programs for it; Rust's standard library for it,
#              unpacked in target/std, if rustup has not brought one (`rustup target add aarch64-unknown-linux-musl`)
#   runtimes   Podman, containerd and Docker of Debian 12 with their libraries, for the machine tests about them: unpacked in
#              target/runtimes, whatever this machine runs
#   kernel     what a kernel is built with, for the machine tests' debug kernel
#   running    the headers of the kernel that runs here, if they are not there
#   fuzz       a C++ compiler: libFuzzer is built from its sources
#   run        strace, to compare with
#   outputs    rsyslog and syslog-ng, for the tests of the outputs, and promtool, for the metrics: unpacked in target/syslog,
#              not installed, for Debian allows only one of the former on a machine
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(gcc libc6-dev binutils make)
emulator=()
std=
servers=
runc=
runtimes=
KESTREL_RUST_OPTIONAL=1
. ci/rust.sh
kestrel_rust_find || packages+=(rustc-web cargo-web)
for part in "$@"; do
    case $part in
    module) packages+=(rustc-web rust-web-src libelf1 xz-utils) ;;
    ebpf) packages+=(rustc-web libstd-rust-web-dev-bpf llvm-22) ;;
    vm)
        packages+=(busybox-static) emulator+=(qemu-system-x86)
        [ -e target/runc/done ] || runc=1
        ;;
    vm-arm64)
        packages+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross)
        emulator+=(qemu-system-arm)
        # With the library of rustup, Debian's is not needed.
        [ -d "$(rustc --print target-libdir --target aarch64-unknown-linux-musl 2>/dev/null)" ] ||
            [ "$(cat target/std/aarch64/done 2>/dev/null)" = "$(dpkg-query -W -f '${Version}' rustc-web 2>/dev/null)" ] || std=1
        ;;
    runtimes) for runtime in podman containerd docker; do [ -e "target/runtimes/$runtime/done" ] || runtimes=1; done ;;
    running)
        packages+=(kmod)
        [ -e "/lib/modules/$(uname -r)/build/Makefile" ] || packages+=("linux-headers-$(uname -r)")
        ;;
    kernel) packages+=(bc bison cpio flex libelf-dev xz-utils) ;;
    fuzz) packages+=(g++) ;;
    run) packages+=(strace) ;;
    outputs) servers=1 ;;
    *)
        echo "setup: there is no part $part" >&2
        exit 2
        ;;
    esac
done

# Without dpkg, on another distribution, the builds themselves say what they miss.
command -v dpkg-query >/dev/null 2>&1 || exit 0
# The module is built with flags that Debian 12's first rustc-web (1.85) does not know.
oldest_rust=1.95
missing() {
    local package status version
    for package in "$@"; do
        status= version=
        IFS='|' read -r status version < <(dpkg-query -W -f '${Status}|${Version}\n' "$package" 2>/dev/null) || true
        case ${status:-} in *' installed') ;; *) version= ;; esac
        case $package in
        rustc-web | cargo-web | rust-web-src) dpkg --compare-versions "${version:-0}" ge "$oldest_rust" || echo "$package" ;;
        *) [ -n "$version" ] || echo "$package" ;;
        esac
    done
}
mapfile -t packages < <(missing "${packages[@]}")
mapfile -t emulator < <(missing "${emulator[@]}")
if [ -n "$servers" ] && [ -e target/syslog/rsyslog/done ] && [ -e target/syslog/syslog-ng/done ] &&
    [ -e target/syslog/prometheus/done ]; then servers=; fi
[ -n "$servers$runc$runtimes$std" ] || [ $((${#packages[@]} + ${#emulator[@]})) -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "setup: these packages are missing; as root: apt-get install ${packages[*]} ${emulator[*]}" >&2
        exit 1
    }
    as_root=(sudo)
fi
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q "$@"; }
# Without lists, or with old ones, the first try fails.
install() { apt install -y --no-install-recommends --no-remove "$@"; }
with_new_lists() {
    { install "$@" >/dev/null 2>&1 && [ -z "$(missing "$@")" ]; } || { apt update >/dev/null && install "$@"; }
}

# Where QEMU's tools came from backports, its emulators must too. The lists of backports are read aside: what the machine
# takes its packages from stays as it is.
from_backports() {
    local suite dir
    suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")-backports
    dir=target/apt-backports
    mkdir -p "$dir/lists/partial"
    cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null >"$dir/sources.list" || true
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${KESTREL_DEBIAN_MIRROR:-http://deb.debian.org}/debian $suite main" \
        >>"$dir/sources.list"
    rm -rf "$dir/parts"
    mkdir "$dir/parts"
    cp /etc/apt/sources.list.d/*.sources "$dir/parts/" 2>/dev/null || true
    local aside=(-o "Dir::Etc::sourcelist=$PWD/$dir/sources.list" -o "Dir::Etc::sourceparts=$PWD/$dir/parts"
        -o "Dir::State::lists=$PWD/$dir/lists" -o APT::Sandbox::User=root)
    apt "${aside[@]}" update >/dev/null && install "${aside[@]}" -t "$suite" "$@"
}

if [ ${#packages[@]} -gt 0 ]; then
    echo "==> installing ${packages[*]}"
    with_new_lists "${packages[@]}" && [ -z "$(missing "${packages[@]}")" ] || {
        echo "setup: apt could not install ${packages[*]} (without removing something else)." >&2
        echo "setup: rustc-web $oldest_rust or newer comes with Debian 12's security updates and takes the place of rustc." >&2
        exit 1
    }
fi
if [ ${#emulator[@]} -gt 0 ]; then
    echo "==> installing ${emulator[*]}"
    with_new_lists "${emulator[@]}" >/dev/null 2>&1 || from_backports "${emulator[@]}" || {
        echo "setup: apt could not install ${emulator[*]} (without removing something else)." >&2
        exit 1
    }
fi

# A program with the libraries that are not on this machine, unpacked in target/syslog/NAME/root.
unpack() {
    local dir=$PWD/target/syslog/$1 package
    shift
    [ ! -e "$dir/done" ] || return 0
    rm -rf "$dir"
    mkdir -p "$dir/archives/partial" "$dir/root"
    install --download-only -o Dir::Cache::archives="$dir/archives" -o APT::Sandbox::User=root "$@" || return 1
    for package in "$dir"/archives/*.deb; do dpkg-deb -x "$package" "$dir/root" || return 1; done
    rm -r "$dir/archives"
    touch "$dir/done"
}
unpack_servers() {
    unpack rsyslog rsyslog rsyslog-openssl && unpack syslog-ng syslog-ng-core && unpack prometheus prometheus
}
if [ -n "$servers" ]; then
    echo "==> unpacking rsyslog, syslog-ng and promtool"
    unpack_servers >/dev/null 2>&1 || { apt update >/dev/null && unpack_servers >/dev/null; } || {
        echo "setup: apt could not bring rsyslog, rsyslog-openssl, syslog-ng-core and prometheus." >&2
        exit 1
    }
fi
# Not installed: it would be in the way of other packages of containers.
unpack_runc() {
    local dir=$PWD/target/runc package
    rm -rf "$dir"
    mkdir -p "$dir/archives" "$dir/root"
    (cd "$dir/archives" && apt download -o APT::Sandbox::User=root runc libseccomp2) || return 1
    for package in "$dir"/archives/*.deb; do dpkg-deb -x "$package" "$dir/root" || return 1; done
    rm -r "$dir/archives"
    touch "$dir/done"
}
if [ -n "$runc" ]; then
    echo "==> unpacking runc"
    unpack_runc >/dev/null 2>&1 || { apt update >/dev/null && unpack_runc >/dev/null; } || {
        echo "setup: apt could not bring runc and libseccomp2." >&2
        exit 1
    }
fi
# Programs of Debian 12 with every library that they are linked with, from lists of their own: what this machine is, and what is
# installed on it, does not matter.
unpack_runtimes() {
    local dir=$PWD/target/runtimes lists=$PWD/target/runtimes/apt suite keyring=
    mkdir -p "$lists/lists/partial" "$lists/cache/archives/partial" "$lists/parts"
    : >"$lists/status"
    [ ! -e /usr/share/keyrings/debian-archive-keyring.gpg ] ||
        keyring="[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
    for suite in "debian bookworm" "debian bookworm-updates" "debian-security bookworm-security"; do
        echo "deb $keyring${KESTREL_DEBIAN_MIRROR:-http://deb.debian.org}/$suite main"
    done >"$lists/sources.list"
    local aside=(-o "Dir::State=$lists" -o "Dir::State::status=$lists/status" -o "Dir::Cache=$lists/cache"
        -o "Dir::Etc::sourcelist=$lists/sources.list" -o "Dir::Etc::sourceparts=$lists/parts"
        -o "Dir::Etc::preferencesparts=$lists/parts" -o APT::Architecture=amd64 -o APT::Architectures=amd64
        -o APT::Sandbox::User= -o Acquire::Check-Valid-Until=false)
    apt "${aside[@]}" update >/dev/null
    unpack_runtime podman podman conmon crun uidmap golang-github-containers-common golang-github-containers-image \
        libc6 libgcc-s1 libcap2 libyajl2 libseccomp2 libsystemd0 libgcrypt20 libgpg-error0 liblzma5 libzstd1 liblz4-1 \
        libglib2.0-0 libpcre2-8-0 libgpgme11 libassuan0 libdevmapper1.02.1 libudev1 libselinux1 libsubid4 libsemanage2 \
        libsepol2 libbz2-1.0 libaudit1 libcap-ng0 libcrypt1 libpam0g &&
        unpack_runtime containerd containerd runc libc6 libgcc-s1 libseccomp2 &&
        unpack_runtime docker docker.io tini libsystemd0 libcap2 libgcrypt20 libgpg-error0 liblzma5 libzstd1 liblz4-1 \
            libdevmapper1.02.1 libudev1 libselinux1 libpcre2-8-0
}
unpack_runtime() {
    local place=$dir/$1 package
    shift
    [ ! -e "$place/done" ] || return 0
    rm -rf "$place"
    mkdir -p "$place/archives" "$place/root"
    (cd "$place/archives" && apt "${aside[@]}" download "$@") || return 1
    for package in "$place"/archives/*.deb; do dpkg-deb -x "$package" "$place/root" || return 1; done
    rm -r "$place/archives"
    touch "$place/done"
}
if [ -n "$runtimes" ]; then
    echo "==> unpacking Podman, containerd and Docker"
    unpack_runtimes >/dev/null || {
        echo "setup: apt could not bring podman, containerd, docker.io and their libraries from Debian 12." >&2
        exit 1
    }
fi
# The library of the compiler's own version, from lists of packages for that architecture: those of this machine stay as they
# are.
unpack_std() {
    local dir=$PWD/target/std/aarch64 lists=$PWD/target/std/apt version package
    version=$(dpkg-query -W -f '${Version}' rustc-web) || return 1
    rm -rf "$dir"
    mkdir -p "$dir/archives" "$dir/root" "$lists/lists/partial" "$lists/cache/archives/partial"
    : >"$lists/status"
    local aside=(-o "Dir::State=$lists" -o "Dir::State::status=$lists/status" -o "Dir::Cache=$lists/cache"
        -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root)
    apt "${aside[@]}" update >/dev/null
    (cd "$dir/archives" && apt "${aside[@]}" download "libstd-rust-web-dev=$version") || return 1
    for package in "$dir"/archives/*.deb; do dpkg-deb -x "$package" "$dir/root" || return 1; done
    rm -r "$dir/archives"
    echo "$version" >"$dir/done"
}
if [ -n "$std" ]; then
    echo "==> unpacking Rust's standard library for arm64"
    unpack_std >/dev/null || {
        echo "setup: apt could not bring libstd-rust-web-dev for arm64, of the version of rustc-web." >&2
        exit 1
    }
fi
