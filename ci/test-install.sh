#!/usr/bin/env bash
# Installs into a folder, twice, as somebody would who changed the configuration in between, and takes it away again. What
# runs here is left alone.
#
#   ci/test-install.sh
#
# The module is built for Debian's 6.1 kernel, from the packages that the machine tests brought.
set -euo pipefail
cd "$(dirname "$0")/.."
kernel=target/kernels/6.1
[ -d "$kernel/root/usr/src" ] || {
    echo "test-install: $kernel is missing; ci/vm-tests.sh --kernel 6.1 brings it" >&2
    exit 1
}
mkdir -p target/tmp
place=$(mktemp -d "$PWD/target/tmp/install.XXXXXX")
trap 'rm -rf "$place"' EXIT
root=$place/root
export DESTDIR=$root PREFIX=/usr/local KESTREL_KERNEL_DIR=$kernel
log=$place/log

die() {
    echo "test-install: $*" >&2
    cat "$log" >&2
    exit 1
}
# Under a mask that gives others nothing: what is installed must not depend on it.
run() { (umask 077 && ci/install.sh "$@") >"$log" 2>&1 || die "ci/install.sh $* failed"; }
# Every file, folder and link with its mode and owner.
listing() { (cd "$root" && find . -mindepth 1 -printf '%M %u:%g %P\n' | sort -k 3); }
same() { diff -u <(printf '%s\n' "$1") <(printf '%s\n' "$2") >>"$log" || die "$3"; }

release=$(basename "$kernel"/root/usr/src/linux-headers-*-cloud-* | sed 's/^linux-headers-//')
owner=$(id -un):$(id -gn)
expected=$(sed "s/ / $owner /" <<LIST
drwxr-xr-x etc
drwxr-xr-x etc/kestrel
-rw-r--r-- etc/kestrel/kestrel.yaml
-rw-r--r-- etc/kestrel/kestrel_rules.yaml
-rw-r--r-- etc/kestrel/kubernetes_rules.yaml
-rw-r--r-- etc/kestrel/optional_rules.yaml
drwxr-xr-x etc/kestrel/rules.d
drwxr-xr-x etc/logrotate.d
-rw-r--r-- etc/logrotate.d/kestrel
drwxr-xr-x lib
drwxr-xr-x lib/modules
drwxr-xr-x lib/modules/$release
drwxr-xr-x lib/modules/$release/updates
-rw-r--r-- lib/modules/$release/updates/kestrel.ko
drwxr-xr-x usr
drwxr-xr-x usr/local
drwxr-xr-x usr/local/bin
-rwxr-xr-x usr/local/bin/kestrel
drwxr-xr-x usr/local/lib
drwxr-xr-x usr/local/lib/systemd
drwxr-xr-x usr/local/lib/systemd/system
-rw-r--r-- usr/local/lib/systemd/system/kestrel.service
drwxr-xr-x usr/local/share
drwxr-xr-x usr/local/share/kestrel
-rw-r--r-- usr/local/share/kestrel/kestrel.logrotate
-rw-r--r-- usr/local/share/kestrel/kestrel.yaml
-rw-r--r-- usr/local/share/kestrel/kestrel_rules.yaml
-rw-r--r-- usr/local/share/kestrel/kubernetes_rules.yaml
-rw-r--r-- usr/local/share/kestrel/optional_rules.yaml
drwxr-xr-x var
drwxr-xr-x var/log
drwxr-x--- var/log/kestrel
LIST
)
by_path() { sort -k 3; }

run
same "$(by_path <<<"$expected")" "$(listing)" "not what should be there was installed"

kestrel=$root/usr/local/bin/kestrel
module=$root/lib/modules/$release/updates/kestrel.ko
"$kestrel" --version >"$log" 2>&1 || die "the installed daemon does not run"
readelf -p .modinfo "$module" >"$log" 2>&1 || die "the installed module is no module"
grep -q "vermagic=$release " "$log" || die "the installed module is not for $release"
# The configuration is read for every command but the lists; the rules are validated by it.
env -i "$kestrel" -c "$root/etc/kestrel/kestrel.yaml" -V "$root/etc/kestrel/kestrel_rules.yaml" \
    "$root/etc/kestrel/optional_rules.yaml" "$root/etc/kestrel/kubernetes_rules.yaml" "$root/etc/kestrel/rules.d" \
    >"$log" 2>&1 || die "the installed configuration or rules are refused"
! grep -qv ': Ok$' "$log" || die "the installed configuration or rules are warned about"

unit=$root/usr/local/lib/systemd/system/kestrel.service
if command -v systemd-analyze >/dev/null 2>&1; then
    # The programs lie elsewhere here.
    sed -e "s#=/usr/local/bin/kestrel#=$kestrel#" -e "s#=+/sbin/modprobe#=+/bin/true#" "$unit" >"$place/kestrel.service"
    systemd-analyze verify "$place/kestrel.service" >"$log" 2>&1 || die "systemd refuses the unit"
    ! grep -q 'kestrel\.service' "$log" || die "systemd warns about the unit"
else
    echo "test-install: no systemd-analyze here, the unit was not verified"
fi
if command -v logrotate >/dev/null 2>&1; then
    logrotate --debug --state "$place/state" "$root/etc/logrotate.d/kestrel" >"$log" 2>&1 || die "logrotate refuses its file"
    ! grep -q '^error:' "$log" || die "logrotate refuses its file"
else
    echo "test-install: no logrotate here, its file was not tried"
fi

# Once more: nothing changes.
first=$(listing)
run
same "$first" "$(listing)" "the second installation is different from the first"
! grep -q 'you changed' "$log" || die "an installation takes its own files for somebody's work"

# Somebody changes the configuration, and has rules of their own.
echo 'priority: notice' >"$root/etc/kestrel/kestrel.yaml"
echo '- list: my_own' >"$root/etc/kestrel/rules.d/mine.yaml"
run
[ "$(cat "$root/etc/kestrel/kestrel.yaml")" = 'priority: notice' ] || die "a changed configuration was written over"
cmp -s dist/kestrel.yaml "$root/etc/kestrel/kestrel.yaml.new" || die "the new configuration is not beside the changed one"
grep -q 'you changed /etc/kestrel/kestrel.yaml' "$log" || die "nobody was told about the new configuration"

# A new version brings new rules: who changed nothing gets them without being asked.
echo '# rules of a version before' | tee "$root/etc/kestrel/kestrel_rules.yaml" >"$root/usr/local/share/kestrel/kestrel_rules.yaml"
run
ci/default-rules.sh | cmp -s - "$root/etc/kestrel/kestrel_rules.yaml" || die "unchanged old rules were not renewed"
[ ! -e "$root/etc/kestrel/kestrel_rules.yaml.new" ] || die "unchanged old rules were taken for somebody's work"

run --remove
left=$(cd "$root" && find . ! -type d -printf '%P\n' | sort)
same "$(printf '%s\n' etc/kestrel/kestrel.yaml etc/kestrel/rules.d/mine.yaml)" "$left" "removal left or took something else"
grep -q '/etc/kestrel/kestrel.yaml stays' "$log" || die "nobody was told what stays"
run --remove

# With nothing changed, nothing at all is left.
rm -r "$root/etc/kestrel"
run
run --remove
left=$(cd "$root" && find . ! -type d -o -iname '*kestrel*' -o -name updates)
[ -z "$left" ] || { echo "$left" >"$log"; die "removal left something that nobody changed"; }
echo "test-install: installed, installed again over changes, removed"
