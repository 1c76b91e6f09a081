#!/usr/bin/env bash
# Guess: `dpkg --audit` ends with a status other than 0 when it finds a package that is not in order, as `dpkg --verify`
#        and other checkers do, so that `dpkg --audit || alarm` notices a broken machine.
# What happens: it prints the fault and ends with status 0. Only what is printed tells; an empty output means that
#        nothing was found.
# Seen with: Debian's dpkg 1.21.23.
set -euo pipefail
version=1.21.23
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -o APT::Sandbox::User=root download -qq "dpkg=$version"
dpkg-deb -x dpkg_*.deb tool
dpkg=$folder/tool/usr/bin/dpkg

mkdir -p root/var/lib/dpkg/{info,updates,triggers} tree/DEBIAN tree/opt/sample
touch root/var/lib/dpkg/{status,available} tree/opt/sample/file
printf 'Package: sample\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: a sample\n' > tree/DEBIAN/control
dpkg-deb --root-owner-group --build tree sample.deb > /dev/null
# Unpacked and never configured: a state that an interrupted upgrade leaves.
"$dpkg" --root="$folder/root" --log=/dev/null --unpack sample.deb > /dev/null

echo "version: $("$dpkg" --version | head -n 1)"
status=0
said=$("$dpkg" --root="$folder/root" --audit) || status=$?
echo "dpkg --audit printed: $said"
echo "and ended with status $status"
grep -q 'sample' <<< "$said" || { echo "changed: the fault is not printed any more"; exit 1; }
[ "$status" -eq 0 ] || { echo "changed: the status tells of faults now"; exit 1; }
