#!/usr/bin/env bash
# Builds Kestrel and installs it: module, daemon, rules, configuration, service.
#
#   ci/install.sh            onto this machine, as root; with DESTDIR=DIR into a folder, and this machine is left alone
#   ci/install.sh --remove   takes away what it brought, except what you changed in /etc
#
# PREFIX (/usr/local) is where the daemon goes. KESTREL_KERNEL_DIR=DIR names a kernel's unpacked packages, as
# ci/build-kmod.sh takes them, to build the module for, instead of the kernel that runs here.
#
# Files in /etc that you changed stay: the new one is put beside, as FILE.new. What was installed is kept in
# PREFIX/share/kestrel, to tell what you changed.
set -euo pipefail
cd "$(dirname "$0")/.."
destdir=${DESTDIR:-}
prefix=${PREFIX:-/usr/local}

die() {
    echo "install: $*" >&2
    exit 1
}

remove=
case $* in
'') ;;
--remove) remove=1 ;;
*)
    sed -n '2,12s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
case $prefix in /*) ;; *) die "PREFIX must begin with /, and is $prefix" ;; esac
case $destdir in '' | /*) ;; *) destdir=$PWD/$destdir ;; esac
destdir=${destdir%/}
prefix=${prefix%/}
[ -n "$destdir" ] || [ "$(id -u)" = 0 ] || die "only root may install onto this machine; DESTDIR=DIR installs into a folder"

# systemd looks for units in no other prefix than these two.
units=/usr/local/lib/systemd/system
[ "$prefix" != /usr ] || units=/usr/lib/systemd/system
share=$destdir$prefix/share/kestrel
# What people change: its place, and where it comes from.
settings=(
    /etc/kestrel/kestrel.yaml=dist/kestrel.yaml
    /etc/kestrel/kestrel_rules.yaml=target/kestrel_rules.yaml
    /etc/kestrel/optional_rules.yaml=target/optional_rules.yaml
    /etc/kestrel/kubernetes_rules.yaml=target/kubernetes_rules.yaml
    /etc/logrotate.d/kestrel=dist/kestrel.logrotate
)
has_systemd() { [ -z "$destdir" ] && [ -d /run/systemd/system ]; }

# put MODE SOURCE PLACE: whole or not at all, also over a file that is in use.
put() {
    install -d -m 755 "$destdir$(dirname "$3")"
    install -m "$1" "$2" "$destdir$3.part"
    mv -f "$destdir$3.part" "$destdir$3"
    echo "  $3"
}

# put_setting SOURCE PLACE: what differs from what was installed last is somebody's work.
put_setting() {
    local source=$1 place=$2 installed
    installed=$share/$(basename "$source")
    if [ ! -e "$destdir$place" ] || cmp -s "$destdir$place" "$source" || cmp -s "$destdir$place" "$installed"; then
        put 644 "$source" "$place"
        rm -f "$destdir$place.new"
    else
        put 644 "$source" "$place.new"
        echo "    you changed $place: it stays as it is, and the new one is beside it"
    fi
    install -d -m 755 "$share"
    install -m 644 "$source" "$installed"
}

install_all() {
    local modules module release setting
    if [ -n "${KESTREL_KERNEL_DIR:-}" ]; then
        ci/setup.sh module
        ci/build-kmod.sh "$KESTREL_KERNEL_DIR" | tee target/kmod/install.log
    else
        ci/setup.sh module running ||
            die "there must be headers for $(uname -r), or KESTREL_KERNEL_DIR=DIR with those of the kernel to install for"
        ci/build-kmod.sh --running | tee target/kmod/install.log
    fi
    mapfile -t modules < <(grep '^target/kmod/.*/kestrel\.ko$' target/kmod/install.log)
    ci/build-static.sh kestrel

    ci/default-rules.sh >target/kestrel_rules.yaml
    cp rules/rulesets/optional.yaml target/optional_rules.yaml
    cp rules/rulesets/kubernetes.yaml target/kubernetes_rules.yaml

    echo "installing${destdir:+ into $destdir}:"
    put 755 target/static/kestrel "$prefix/bin/kestrel"
    for module in "${modules[@]}"; do
        release=$(basename "$(dirname "$module")")
        put 644 "$module" "/lib/modules/$release/updates/kestrel.ko"
        [ -n "$destdir" ] || depmod "$release"
    done
    for setting in "${settings[@]}"; do put_setting "${setting#*=}" "${setting%%=*}"; done
    install -d -m 755 "$destdir/etc/kestrel/rules.d"
    install -d -m 750 "$destdir/var/log/kestrel"
    sed "s#^ExecStart=.*#ExecStart=$prefix/bin/kestrel#" dist/kestrel.service >target/kestrel.service
    put 644 target/kestrel.service "$units/kestrel.service"
    has_systemd || return 0
    systemctl daemon-reload
    if systemctl is-active --quiet kestrel; then
        echo "the old kestrel still runs: systemctl stop kestrel && modprobe -r kestrel && systemctl start kestrel"
    else
        echo "now: systemctl enable --now kestrel"
    fi
}

remove_all() {
    local module release place setting installed file
    if has_systemd && [ -e "$units/kestrel.service" ]; then
        systemctl disable --quiet --now kestrel.service || die "the service cannot be stopped; see systemctl status kestrel"
    fi
    if [ -z "$destdir" ] && [ -d /sys/module/kestrel ] && ! modprobe -r kestrel; then
        die "the module is in use: end every kestrel that runs, then try again"
    fi
    echo "removing${destdir:+ from $destdir}:"
    for module in "$destdir"/lib/modules/*/updates/kestrel.ko; do
        [ -e "$module" ] || continue
        take "${module#"$destdir"}"
        rmdir --ignore-fail-on-non-empty "$(dirname "$module")"
        release=$(basename "$(dirname "$(dirname "$module")")")
        [ -n "$destdir" ] || depmod "$release"
    done
    for setting in "${settings[@]}"; do
        place=${setting%%=*} installed=$share/$(basename "${setting#*=}")
        for file in "$place" "$place.new"; do
            [ -e "$destdir$file" ] || continue
            if cmp -s "$destdir$file" "$installed"; then take "$file"; else echo "  $file stays: you changed it"; fi
        done
        rm -f "$installed"
    done
    take "$prefix/bin/kestrel"
    take "$units/kestrel.service"
    # Its folders, if nothing of yours is in them.
    for file in "$destdir/etc/kestrel/rules.d" "$destdir/etc/kestrel" "$destdir/var/log/kestrel" "$share" "$destdir$units"; do
        [ ! -d "$file" ] || rmdir --ignore-fail-on-non-empty "$file"
    done
    ! has_systemd || systemctl daemon-reload
}

take() {
    [ -e "$destdir$1" ] || return 0
    rm -f "$destdir$1"
    echo "  $1"
}

mkdir -p target/kmod
if [ -n "$remove" ]; then remove_all; else install_all; fi
