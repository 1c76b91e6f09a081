#!/usr/bin/env bash
# Guess: a maintainer script that is killed by a signal while debconf's frontend runs it fails, as one does that ends with
#        a status other than 0, so that dpkg marks the package as not configured.
# What happens: the frontend ends with the exit status of the script and drops the signal, so the script counts as having
#        ended with 0. What the kernel kills for want of memory in the middle of a postinst with debconf questions is then a
#        package in state `ii` whose postinst has not done its work, and nothing in dpkg's database tells.
# Seen with: Debian's debconf 1.5.82.
set -euo pipefail
version=1.5.82
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -o APT::Sandbox::User=root download -qq "debconf=$version"
dpkg-deb -x debconf_*.deb tool
cat > debconf.conf <<EOF
Config: configdb
Templates: templatedb

Name: configdb
Driver: File
Filename: $folder/config.dat

Name: templatedb
Driver: File
Filename: $folder/templates.dat
EOF
# Runs a script as its confmodule does: the frontend first, which starts it again with questions to be asked.
run() {
  printf '#!/bin/sh\n. %s/tool/usr/share/debconf/confmodule\n%s\n' "$folder" "$1" > script
  chmod +x script
  DEBIAN_FRONTEND=noninteractive DEBCONF_SYSTEMRC=$folder/debconf.conf \
    perl -I "$folder/tool/usr/share/perl5" tool/usr/share/debconf/frontend ./script
}
echo "version: $version"
ended=0
run 'exit 3' || ended=$?
killed=0
run "kill -KILL \$\$" || killed=$?
plain=0
sh -c 'kill -KILL $$' || plain=$?
echo "a script that ends with 3:           $ended"
echo "a script that is killed:             $killed"
echo "the same without debconf, by a shell: $plain"
[ "$ended" -eq 3 ] || { echo 'changed: the status of the script is not passed on any more'; exit 1; }
[ "$plain" -eq 137 ] || { echo 'changed: the shell does not tell of the signal'; exit 1; }
[ "$killed" -eq 0 ] || { echo 'changed: a killed script is told now'; exit 1; }
