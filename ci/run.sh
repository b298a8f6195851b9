#!/usr/bin/env bash
# Builds the daemon, and has it watch a script that does suspicious things, or the command given. Who waits for it wants to see
# something soon, so it is built by a profile that is quick.
#
#   ci/run.sh [COMMAND...]
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/rust.sh

echo "==> kestrel"
cargo build --locked --profile quick -p kestrel
[ $# -gt 0 ] || set -- dist/suspicious.sh
echo "==> kestrel run -- $*"
exec target/quick/kestrel run -- "$@"
