/**
 * Run before the tests: gives the machine what they use, so that test files that run side by side find it. As root on
 * Debian it installs and fetches; elsewhere it says what to install and goes on, and the tests that need it fail with
 * their reason. Where all is there it is quick.
 */
import { existsSync } from 'node:fs'
import { canInstall, howToInstall, PROGRAMS, type Program, pathOf, provide } from './support/machine.ts'
import {
  DEBIAN_MACHINES,
  type DebianMachine,
  keptPackage,
  keptRoot,
  makeKeptRoot,
  REAL_PACKAGES,
  realPackage,
} from './support/real-packages.ts'

let steps = 0
function say(line: string): void {
  steps += 1
  console.log(`prepare: ${line}`)
}

/** What cannot be had is told; the tests that need it say so again. */
async function attempt(what: string, act: () => Promise<unknown>): Promise<void> {
  say(what)
  try {
    await act()
  } catch (error) {
    say(`not done: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const programs = Object.keys(PROGRAMS) as Program[]
const missing = programs.filter((program) => pathOf(program) === undefined)
const packages = [...new Set(missing.map((program) => PROGRAMS[program]))]
if (packages.length > 0) {
  if (canInstall()) await attempt(`installing ${packages.join(', ')}`, () => provide(...missing))
  else say(`missing ${missing.join(', ')}; on Debian, as root: ${howToInstall(packages)}`)
}

if (pathOf('apt-get') === undefined) say('no apt-get: the tests with real Debian packages need a Debian machine')
else {
  for (const name of REAL_PACKAGES)
    if ((await keptPackage(name)) === undefined) await attempt(`fetching the package ${name}`, () => realPackage(name))
  for (const machine of Object.keys(DEBIAN_MACHINES) as DebianMachine[])
    if (process.getuid?.() === 0 && !existsSync(await keptRoot(machine)))
      await attempt(`making a small Debian root, ${machine}`, () => makeKeptRoot(machine))
}
if (steps === 0) console.log('prepare: this machine has everything that the tests use')
