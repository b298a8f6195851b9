# shellcheck shell=bash
# To be sourced: puts a Rust toolchain of at least 1.95 on PATH. First choice is what is there, or rustup's; then Debian's
# rustc-web and cargo-web.

kestrel_rust_fits() {
    local version
    version=$("$1/cargo" --version 2>/dev/null | sed -n 's/^cargo 1\.\([0-9]*\)\..*/\1/p')
    [ -n "$version" ] && [ "$version" -ge 95 ] && "$1/rustc" --version >/dev/null 2>&1
}

kestrel_rust_find() {
    local dir
    for dir in "$(dirname "$(command -v cargo || echo /none/cargo)")" "${CARGO_HOME:-${HOME:-/root}/.cargo}/bin" /usr/bin; do
        if kestrel_rust_fits "$dir"; then
            PATH=$dir:$PATH
            export PATH
            return 0
        fi
    done
    return 1
}

if ! kestrel_rust_find && [ "${KESTREL_RUST_OPTIONAL:-}" != 1 ]; then
    echo "no Rust of at least 1.95 is here: ci/setup.sh brings Debian's, https://rustup.rs the newest" >&2
    exit 1
fi
