#!/usr/bin/env bash
# Guess: where an administrator has made a link of a configuration file, an upgrade follows the link: it compares what the
#        link leads to, and asks or decides by --force-confdef as it does for a file that was changed.
# What happens: nothing is asked and nothing is said. The link and what it leads to stay, the new version stays for good
#        as FILE.dpkg-new, which dpkg uses for files that it has not put in place yet, and the package is installed (ii).
# Seen with: Debian's dpkg 1.21.23.
set -euo pipefail
version=1.21.23
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -o APT::Sandbox::User=root download -qq "dpkg=$version"
dpkg-deb -x dpkg_*.deb tool
dpkg=$folder/tool/usr/bin/dpkg

make_package() {
  mkdir -p "tree-$1/DEBIAN" "tree-$1/etc"
  echo "of version $1" > "tree-$1/etc/sample.conf"
  echo /etc/sample.conf > "tree-$1/DEBIAN/conffiles"
  printf 'Package: sample\nVersion: %s\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: a sample\n' "$1" > "tree-$1/DEBIAN/control"
  dpkg-deb --root-owner-group --build "tree-$1" "sample-$1.deb" > /dev/null
}
make_package 1
make_package 2
mkdir -p root/var/lib/dpkg/{info,updates,triggers}
touch root/var/lib/dpkg/{status,available}
"$dpkg" --root="$folder/root" --log=/dev/null --install sample-1.deb > /dev/null
echo 'of the administrator' > root/etc/elsewhere.conf
ln -sf elsewhere.conf root/etc/sample.conf
status=0
said=$("$dpkg" --root="$folder/root" --log=/dev/null --install sample-2.deb < /dev/null 2>&1) || status=$?

echo "version: $("$dpkg" --version | head -n 1)"
echo "status $status, state $(dpkg-query --admindir=root/var/lib/dpkg -W -f '${db:Status-Abbrev}${Version}' sample)"
echo "dpkg printed: $(paste -sd '|' <<< "$said")"
echo "in the folder: $(ls root/etc | paste -sd ' ')"
echo "what the link leads to: $(cat root/etc/sample.conf)"
grep -qi 'conf' <<< "${said//sample.deb/}" && { echo "changed: dpkg says something of the file now"; exit 1; }
[ -e root/etc/sample.conf.dpkg-new ] || { echo "changed: the new version does not stay as .dpkg-new"; exit 1; }
[ "$(cat root/etc/sample.conf)" = 'of the administrator' ] || { echo "changed: what the link leads to was replaced"; exit 1; }
