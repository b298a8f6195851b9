#!/usr/bin/env bash
# Runs a command among the tools of Debian's sid, for kernels whose headers need them: unpacked once into target/sid, never
# installed. The repository is the same folder there as here.
#
#   ci/in-sid.sh COMMAND [ARGUMENT]...
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
sid=$root/target/sid

as_root=()
if [ "$(id -u)" != 0 ]; then as_root=(sudo); fi
if [ ! -e "$sid/done" ]; then
    command -v mmdebstrap >/dev/null 2>&1 ||
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends mmdebstrap >&2 || {
        echo "in-sid: no mmdebstrap; apt-get install mmdebstrap" >&2
        exit 1
    }
    "${as_root[@]}" rm -rf "$sid"
    # Its lists are valid for a week; a mirror that is behind is still signed.
    "${as_root[@]}" mmdebstrap --quiet --variant=extract --aptopt='Acquire::Check-Valid-Until "false"' \
        --include=base-files,bash,binutils,coreutils,dash,findutils,gcc,grep,libelf1t64,make,mawk,perl-base,sed \
        sid "$sid" "${KESTREL_DEBIAN_MIRROR:-http://deb.debian.org}/debian" >&2
    "${as_root[@]}" ln -sf mawk "$sid/usr/bin/awk"
    "${as_root[@]}" mkdir -p "$sid$root"
    "${as_root[@]}" touch "$sid/done"
fi
# The mounts are seen by the command alone, and go with it.
# shellcheck disable=SC2016  # the inner shell's parameters
"${as_root[@]}" unshare --mount sh -c '
    root=$1 sid=$2
    shift 2
    mount --bind "$root" "$sid$root" && mount --bind /dev "$sid/dev" && mount --bind /proc "$sid/proc" || exit 1
    exec chroot "$sid" /bin/sh -c "cd \"\$0\" && exec \"\$@\"" "$root" "$@"
' sh "$root" "$sid" "$@"
