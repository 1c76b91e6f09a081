#!/usr/bin/env bash
# Guess: `dpkg --root=R` treats R as the whole system, so `path-exclude` in R/etc/dpkg/dpkg.cfg.d keeps files out of R,
#        and a machine that builds images does not need the same filters itself.
# What happens: the folder below R is not read. dpkg obeys /etc/dpkg of the machine that it runs on, whatever --root
#        says, so the excluded file is installed; the same option on the command line does keep it out.
# Seen with: Debian's dpkg 1.21.23.
set -euo pipefail
version=1.21.23
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -o APT::Sandbox::User=root download -qq "dpkg=$version"
dpkg-deb -x dpkg_*.deb tool
dpkg=$folder/tool/usr/bin/dpkg

mkdir -p tree/DEBIAN tree/opt/sample
echo content > tree/opt/sample/file
printf 'Package: sample\nVersion: 1\nArchitecture: all\nMaintainer: Nobody <nobody@example.org>\nDescription: a sample\n' > tree/DEBIAN/control
dpkg-deb --root-owner-group --build tree sample.deb > /dev/null
make_root() {
  mkdir -p "$1"/var/lib/dpkg/{info,updates,triggers} "$1/etc/dpkg/dpkg.cfg.d"
  touch "$1"/var/lib/dpkg/{status,available}
}
seen() { [ -e "$1/opt/sample/file" ] && echo installed || echo 'left out'; }

make_root configured
echo 'path-exclude=/opt/sample/*' > configured/etc/dpkg/dpkg.cfg.d/filter
"$dpkg" --root="$folder/configured" --log=/dev/null --install sample.deb > /dev/null
make_root told
"$dpkg" --root="$folder/told" --log=/dev/null --path-exclude='/opt/sample/*' --install sample.deb > /dev/null

echo "version: $("$dpkg" --version | head -n 1)"
echo "with path-exclude in the configuration below the root, the file is: $(seen configured)"
echo "with path-exclude on the command line, the file is: $(seen told)"
[ "$(seen configured)" = installed ] || { echo "changed: the configuration below the root is read now"; exit 1; }
[ "$(seen told)" = 'left out' ] || { echo "changed: the option does not filter any more"; exit 1; }
