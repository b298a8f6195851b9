#!/usr/bin/env bash
# Every test there is. What .ci/run and `make test` run.
set -euo pipefail
cd "$(dirname "$0")/.."
begin=$SECONDS
step() { printf '\n==> [%d:%02d] %s\n' $(((SECONDS - begin) / 60)) $(((SECONDS - begin) % 60)) "$*"; }

step "what the tests need"
ci/setup.sh module ebpf vm runtimes fuzz outputs
. ci/rust.sh

step "style and documentation"
ci/lint.sh

step "tests of the crates"
cargo test --locked --workspace --quiet

step "model checks of the ring"
RUSTFLAGS="${RUSTFLAGS:-} --cfg loom" cargo test --locked --release -p kestrel-ringbuf --test loom --target-dir target/loom --quiet

step "fuzz targets, a few seconds each"
ci/fuzz.sh --seconds 5

step "no panic path can get into the kernel module"
ci/test-panic-gate.sh

step "the eBPF probe is what its sources make"
ci/build-ebpf.sh

step "machine tests"
ci/vm-tests.sh --kernel 6.1,6.12

step "the law of the prefilter, over a day's work"
target/debug/vm-tests --kernel 6.1 --scenario prefilter-law

step "machine tests with the eBPF probe"
for scenario in rule-sensitive records-net few-capabilities locked-down; do
    target/debug/vm-tests --kernel 6.1,6.12 --source ebpf --scenario "$scenario"
done

step "containers of real engines"
target/debug/vm-tests --kernel 6.1 --scenario podman-first-event,docker-first-event,containerd-first-event

step "installation into a folder"
ci/test-install.sh

step "all tests passed"
