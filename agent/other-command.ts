/**
 * Any word whose program a package has not: which commands there are on an appliance, and where the others are.
 */
import { exitLines } from './shell/command-line/exit-status.ts'

export const HELP = `patchmesh brings patches to this appliance, proves them, and installs them when it is ordered to.

Usage: patchmesh COMMAND [OPTIONS]

  agent         what runs on an appliance
  check         what this appliance can reach, its clock, its disk
  doctor        what is wrong with the agent and around it, and how to mend it
  status        what this appliance does now, why, and what it waits for
  orders stop   stops, at the appliance, an order that has changed nothing yet
  import        takes in the patches of a disk that was carried here
  config check  says whether the agent would start with its configuration

Each command has a --help of its own. Those of the Service Center are in the package
patchmesh-controller.

Exit status:
${exitLines()
  .map((line) => `  ${line}`)
  .join('\n')}

Example:
  patchmesh status
`

/** The exit status. */
export function otherCommand(word: string | undefined): number {
  if (word === 'help' || word === '--help' || word === '-h' || word === undefined) {
    process.stdout.write(HELP)
    return word === undefined ? 2 : 0
  }
  // A shell asks for names, which only the Service Center has.
  if (word === '__complete') return 0
  if (word === 'demo' || word === 'simulate') {
    process.stderr.write(`patchmesh: ${word} is no part of a package: run it in a checkout of the sources.\n`)
    return 2
  }
  const what = `there is no command ${JSON.stringify(word)} on an appliance; see patchmesh --help`
  process.stderr.write(`patchmesh: ${what}. Commands of the Service Center are in the package patchmesh-controller.\n`)
  return 2
}
