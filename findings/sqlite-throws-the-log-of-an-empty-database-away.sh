#!/usr/bin/env bash
# Guess: a database file that has lost its content while its write-ahead log is still there is recovered from the log, in
#        which everything was committed; or it is refused, since the two do not belong together.
# What happens: a file of 0 bytes is a new database to SQLite. The first that is asked of it ends with status 0, finds no
#        table, and the log with all that was committed is deleted. So whoever keeps records in SQLite has to look at
#        the length of the file before opening it.
# Seen with: SQLite 3.40.1 as Debian packs it (3.40.1-2+deb12u2).
set -euo pipefail
version=3.40.1-2+deb12u2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -o APT::Sandbox::User=root download -qq "sqlite3=$version" "libsqlite3-0=$version"
for deb in *.deb; do dpkg-deb -x "$deb" tool; done
library=$(dirname "$(find tool -name 'libsqlite3.so.0')")
sqlite() { LD_LIBRARY_PATH="$folder/$library" "$folder/tool/usr/bin/sqlite3" "$@"; }

# A process that has committed and is killed leaves its log behind.
mkfifo commands
LD_LIBRARY_PATH="$folder/$library" tool/usr/bin/sqlite3 records.sqlite < commands > answers &
writer=$!
exec 3> commands
echo "pragma journal_mode = wal; create table kept (word text); insert into kept values ('committed'); select word from kept;" >&3
until grep -q committed answers; do :; done
kill -9 "$writer"
wait "$writer" 2> /dev/null || true
exec 3>&-

echo "version: $(sqlite --version | cut -d' ' -f1)"
logged=$(stat -c %s records.sqlite-wal)
: > records.sqlite
status=0
tables=$(sqlite records.sqlite "select count(*) from sqlite_schema") || status=$?
left=$([ -s records.sqlite-wal ] && echo there || echo gone)
echo "bytes in the log before: $logged"
echo "status, tables found:    $status, $tables"
echo "the log afterwards:      $left"
[ "$logged" -gt 0 ] || { echo 'changed: nothing was in the log'; exit 1; }
[ "$status" = 0 ] || { echo 'changed: the database is refused'; exit 1; }
[ "$tables" = 0 ] || { echo 'changed: the table is recovered from the log'; exit 1; }
[ "$left" = gone ] || { echo 'changed: the log is kept'; exit 1; }
