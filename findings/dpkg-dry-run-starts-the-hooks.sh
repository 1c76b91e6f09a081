#!/usr/bin/env bash
# Guess: `dpkg --no-act --install` only says what it would do, so hooks (--pre-invoke, --post-invoke) of a machine that
#        reboots services or takes snapshots in them are not started.
# What happens: both hooks are started in the dry run too, and a pre-invoke hook that fails ends it with status 2,
#        before anything was said of the package.
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

echo "version: $("$dpkg" --version | head -n 1)"
"$dpkg" --root="$folder/root" --log=/dev/null --no-act \
  --pre-invoke="echo before >> $folder/hooks" --post-invoke="echo after >> $folder/hooks" --install sample.deb > /dev/null
echo "hooks that a dry run has started: $(paste -sd ' ' hooks)"
[ ! -e root/opt/sample ] || { echo "changed: the dry run has installed the package"; exit 1; }
status=0
"$dpkg" --root="$folder/root" --log=/dev/null --no-act --pre-invoke=false --install sample.deb > /dev/null 2>&1 || status=$?
echo "status of a dry run whose pre-invoke hook fails: $status"
[ "$(paste -sd ' ' hooks)" = 'before after' ] || { echo "changed: a dry run starts other hooks now"; exit 1; }
[ "$status" -eq 2 ] || { echo "changed: the dry run ends otherwise now"; exit 1; }
