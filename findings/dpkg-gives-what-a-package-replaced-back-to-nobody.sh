#!/usr/bin/env bash
# Guess: taking off a package that had replaced a file of another one (`Replaces`) gives the file back, or leaves the other
#        package as one that lacks a file, which the audit or `--verify` shows.
# What happens: unpacking strikes the file from the list of the other package, and purging removes it. The other package is
#        `ii`, without the file and without any word of it: neither `dpkg --listfiles`, nor the audit, nor `--verify` knows
#        that it ever had it. Only installing that package again brings it back.
# Seen with: Debian's dpkg 1.21.23.
set -euo pipefail
version=1.21.23
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -o APT::Sandbox::User=root download -qq "dpkg=$version"
dpkg-deb -x dpkg_*.deb tool
dpkg() { "$folder/tool/usr/bin/dpkg" --root="$folder/root" --log=/dev/null "$@"; }

mkdir -p root/var/lib/dpkg/{info,updates,triggers}
touch root/var/lib/dpkg/{status,available}
pack() { # NAME FIELD
  mkdir -p "$1/DEBIAN" "$1/srv" "$1/opt"
  echo "of $1" > "$1/srv/shared"
  echo "$1" > "$1/opt/$1"
  printf 'Package: %s\nVersion: 1\nArchitecture: all\n%sMaintainer: Nobody <nobody@example.org>\nDescription: a sample\n' "$1" "$2" > "$1/DEBIAN/control"
  (cd "$1" && find srv opt -type f -exec md5sum {} + > DEBIAN/md5sums)
  dpkg-deb --root-owner-group --build "$1" "$1.deb" > /dev/null
}
pack first ''
pack taker $'Replaces: first\n'

echo "version: $("$folder/tool/usr/bin/dpkg" --version | head -n 1)"
dpkg --install first.deb > /dev/null
dpkg --install taker.deb > /dev/null
dpkg --purge taker > /dev/null
file=$([ -e root/srv/shared ] && echo there || echo gone)
listed=$(grep -c '^/srv/shared$' root/var/lib/dpkg/info/first.list || true)
state=$(sed -n 's/^Status: //p' root/var/lib/dpkg/status)
audit=$(dpkg --audit)
verify=$(dpkg --verify 2>&1 || true)
echo "the file:           $file"
echo "in the list of it:  $listed"
echo "what dpkg says:     $state"
echo "audit:              ${audit:-nothing}"
echo "verify:             ${verify:-nothing}"
[ "$file" = gone ] || { echo 'changed: the file is given back'; exit 1; }
[ "$listed" = 0 ] || { echo 'changed: the list has the file again'; exit 1; }
[ "$state" = 'install ok installed' ] || { echo 'changed: the package is called something else'; exit 1; }
[ -z "$audit" ] || { echo 'changed: the audit tells of it'; exit 1; }
[ -z "$verify" ] || { echo 'changed: --verify tells of it'; exit 1; }
