#!/bin/bash
# Does a few things that look like an intruder's, and does no harm: nothing outside of a folder of its own is changed, and
# nothing leaves the machine. Under `kestrel run` each raises an alert (`make run`), as a user four of the five.
place=$(mktemp -d /dev/shm/suspicious.XXXXXX) || exit 1
trap 'rm -rf "$place"' EXIT

say() { printf '\n$ %s\n' "$*"; }

say 'a program is run from shared memory'
cp /bin/true "$place/tool"
"$place/tool"

say 'a miner is told of its pool (nothing mines, and nothing is connected to)'
sh -c 'exit 0' miner -o stratum+tcp://pool.example:3333

say 'private keys are searched for'
mkdir "$place/home"
grep -r 'BEGIN OPENSSH PRIVATE KEY' "$place/home"

say 'a link is laid over the file of passwords'
ln -s /etc/shadow "$place/passwords"

say 'the file of passwords is read (only root succeeds, and only then there is an alert)'
cat /etc/shadow >/dev/null
exit 0
