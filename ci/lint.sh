#!/usr/bin/env bash
# Formatting, lints, documentation, licences. Warnings are errors.
set -euo pipefail
cd "$(dirname "$0")/.."
. ci/rust.sh

if cargo fmt --version >/dev/null 2>&1; then cargo fmt --all --check; else echo "lint: no rustfmt here, formatting not checked"; fi
if cargo clippy --version >/dev/null 2>&1; then
    cargo clippy --locked --workspace --all-targets --quiet -- -D warnings
    cargo clippy --locked --manifest-path fuzz/Cargo.toml --target-dir fuzz/target --quiet -- -D warnings
else
    echo "lint: no clippy here, lints not checked"
fi
RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items --quiet

# Advisories need a database from outside; licences, bans and sources do not.
deny=target/tools/bin/cargo-deny
command -v cargo-deny >/dev/null 2>&1 && deny=cargo-deny
if ! command -v "$deny" >/dev/null 2>&1; then
    echo "lint: installing cargo-deny (once, some minutes)"
    # Unoptimized: most machines run it once.
    cargo install --debug cargo-deny --version "^0.19" --locked --quiet --root target/tools --target-dir target/tools/build
fi
# It reads the licence of every library, also of those that a build for this machine has not brought.
cargo fetch --locked --quiet
"$deny" --log-level error --locked --offline check licenses bans sources
