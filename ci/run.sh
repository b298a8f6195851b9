#!/usr/bin/env bash
# Builds the daemon, and has it watch a script that does suspicious things, or the command given.
#
#   ci/run.sh [COMMAND...]
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/rust.sh

echo "==> kestrel"
cargo build --locked --release -p kestrel
[ $# -gt 0 ] || set -- dist/suspicious.sh
echo "==> kestrel run -- $*"
exec target/release/kestrel run -- "$@"
