#!/usr/bin/env bash
# Guess: what `path-exclude` leaves out of a package is none of dpkg's business: it is neither put down nor touched, so an
#        administrator may keep a file of the same name there.
# What happens: the path is in the list of the package all the same. A first install leaves the administrator's file alone;
#        the next upgrade deletes it, and does not say so.
# Seen with: Debian's dpkg 1.21.23.
set -euo pipefail
version=1.21.23
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -o APT::Sandbox::User=root download -qq "dpkg=$version"
dpkg-deb -x dpkg_*.deb tool
dpkg() { "$folder/tool/usr/bin/dpkg" --root="$folder/root" --log=/dev/null --path-exclude='/srv/doc/*' "$@"; }

mkdir -p root/var/lib/dpkg/{info,updates,triggers}
touch root/var/lib/dpkg/{status,available}
for release in 1 2; do
  mkdir -p "tree$release/DEBIAN" "tree$release/srv/doc" "tree$release/opt"
  echo "of the package" > "tree$release/srv/doc/note"
  echo "$release" > "tree$release/opt/sample"
  printf 'Package: sample\nVersion: %s\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: a sample\n' "$release" > "tree$release/DEBIAN/control"
  dpkg-deb --root-owner-group --build "tree$release" "sample-$release.deb" > /dev/null
done
mkdir -p root/srv/doc
echo "of the administrator" > root/srv/doc/note

echo "version: $("$folder/tool/usr/bin/dpkg" --version | head -n 1)"
dpkg --install sample-1.deb > /dev/null
first=$(cat root/srv/doc/note)
listed=$(grep -c '^/srv/doc/note$' root/var/lib/dpkg/info/sample.list)
said=$(dpkg --install sample-2.deb 2>&1 | grep -ci 'note' || true)
second=$(cat root/srv/doc/note 2> /dev/null || echo gone)
echo "after the first install: $first"
echo "in the package's list:   $listed"
echo "after the upgrade:       $second"
echo "lines that name it:      $said"
[ "$first" = 'of the administrator' ] || { echo 'changed: the first install touches the file'; exit 1; }
[ "$listed" = 1 ] || { echo 'changed: what is left out is not listed any more'; exit 1; }
[ "$second" = gone ] || { echo 'changed: the upgrade leaves the file alone'; exit 1; }
[ "$said" = 0 ] || { echo 'changed: the upgrade says that it deletes the file'; exit 1; }
