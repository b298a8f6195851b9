#!/usr/bin/env bash
# Builds all that runs in the machines, and starts the harness with the arguments given: see `vm-tests --help`.
#
#   ci/vm-tests.sh [--kernel 5.10|6.1|6.12|6.1-rt|7.2|all|6.12-debug] [--scenario NAME] [--source kmod|ebpf]
#                  [--demo|--shell|--count|--list]
set -euo pipefail
cd "$(dirname "$0")/.."
step() { printf '==> %s\n' "$*"; }

ci/setup.sh module vm
. ci/rust.sh
step "the harness"
cargo build --locked -p kestrel-vm-tests --bin vm-tests

kernels=()
previous=
for argument in "$@"; do
    case $argument in --list | --help | -h) exec target/debug/vm-tests "$@" ;; esac
    [ "$previous" != --kernel ] || kernels=(--kernel "$argument")
    previous=$argument
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
ci/build-static.sh
step "machines"
exec target/debug/vm-tests "$@"
