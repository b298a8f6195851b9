#!/usr/bin/env bash
# Builds all that runs in the machines, and starts the harness with the arguments given: see `vm-tests --help`.
#
#   ci/vm-tests.sh [--kernel 5.10|6.1|6.12|6.1-rt|7.2|all|6.12-debug|6.12-arm64] [--scenario NAME] [--source kmod|ebpf]
#                  [--demo|--shell|--count|--list]
set -euo pipefail
cd "$(dirname "$0")/.."
step() { printf '==> %s\n' "$*"; }

kernels=()
engines=
previous=
for argument in "$@"; do
    [ "$previous" != --kernel ] || kernels=(--kernel "$argument")
    case $previous$argument in --scenario*podman* | --scenario*docker* | --scenario*containerd*) engines=1 ;; esac
    previous=$argument
done
case ${kernels[1]:-6.1,6.12} in *-arm64*) arm64=1 ;; *) arm64= ;; esac
# All others are for x86.
case ${kernels[1]:-6.1,6.12}, in 6.12-arm64,) x86= ;; *) x86=1 ;; esac

ci/setup.sh module vm ${arm64:+vm-arm64} ${engines:+runtimes}
. ci/rust.sh
step "the harness"
cargo build --locked -p kestrel-vm-tests --bin vm-tests
for argument in "$@"; do
    case $argument in --list | --help | -h) exec target/debug/vm-tests "$@" ;; esac
done
step "the kernels and their headers"
target/debug/vm-tests --fetch "${kernels[@]}"
step "the kernel module"
case ${kernels[1]:-6.1,6.12} in
all) ci/build-kmod.sh target/kernels/{5.10,6.1,6.12,6.1-rt,7.2} ;;
*)
    IFS=, read -ra names <<<"${kernels[1]:-6.1,6.12}"
    ci/build-kmod.sh "${names[@]/#/target/kernels/}"
    ;;
esac
step "kestrel, and what else runs in the machines"
[ -z "$x86" ] || ci/build-static.sh
[ -z "$arm64" ] || ci/build-static.sh --arch aarch64
step "machines"
exec target/debug/vm-tests "$@"
