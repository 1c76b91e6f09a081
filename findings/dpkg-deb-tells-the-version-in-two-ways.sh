#!/usr/bin/env bash
# Guess: `dpkg-deb --field FILE` and `dpkg-deb --field FILE Version` tell the same version, the second only less.
# What happens: without names the control file is printed as it was written, here `Version: 0:1`; with a name the field is
#        parsed and printed anew, here `1`, since an epoch of 0 says nothing. `dpkg-deb --show` and the database of dpkg
#        have the second form. Whoever compares the text of a control file with what dpkg says is installed finds a
#        difference where there is none, and two files of one version have two names.
# Seen with: Debian's dpkg 1.21.23.
set -euo pipefail
version=1.21.23
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -o APT::Sandbox::User=root download -qq "dpkg=$version"
dpkg-deb -x dpkg_*.deb tool
deb=$folder/tool/usr/bin/dpkg-deb
dpkg=$folder/tool/usr/bin/dpkg

mkdir -p root/var/lib/dpkg/{info,updates,triggers} tree/DEBIAN tree/opt/sample
touch root/var/lib/dpkg/{status,available} tree/opt/sample/file
printf 'Package: sample\nVersion: 0:1\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: a sample\n' > tree/DEBIAN/control
"$deb" --root-owner-group --build tree sample.deb > /dev/null
"$dpkg" --root="$folder/root" --log=/dev/null --install sample.deb > /dev/null

echo "version: $("$deb" --version | head -n 1)"
all=$("$deb" --field sample.deb | sed -n 's/^Version: //p')
one=$("$deb" --field sample.deb Version)
installed=$(sed -n 's/^Version: //p' root/var/lib/dpkg/status)
echo "--field FILE:         $all"
echo "--field FILE Version: $one"
echo "dpkg's database:      $installed"
[ "$all" = 0:1 ] || { echo 'changed: the control file is no longer printed as it is'; exit 1; }
[ "$one" = 1 ] || { echo 'changed: a named field is printed as it stands in the file'; exit 1; }
[ "$installed" = 1 ] || { echo 'changed: the database keeps the version as it was written'; exit 1; }
