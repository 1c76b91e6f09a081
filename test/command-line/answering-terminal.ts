/**
 * A command run in this process, at a terminal with somebody who gives these answers, one after the other, or with nobody
 * where the answer is null. Failures are told as `patchmesh` tells them.
 */

import { stripVTControlCharacters } from 'node:util'
import type { ExitStatus } from '../../agent/shell/command-line/exit-status.ts'
import type { Command } from '../../controller/cli/command.ts'
import { COMMANDS } from '../../controller/cli/commands.ts'
import { tellFailure } from '../../controller/cli/failures.ts'
import type { Terminal } from '../../controller/cli/terminal.ts'
import type { Outcome } from './run-patchmesh.ts'

export function commandNamed(name: string): Command {
  const found = Object.values(COMMANDS)
    .flat()
    .find((command) => command.name === name)
  if (found === undefined) throw new Error(`there is no command ${name}`)
  return found
}

export async function answering(
  answers: readonly (string | null)[],
  run: (terminal: Terminal) => Promise<ExitStatus>,
): Promise<Outcome> {
  const [stdout, stderr]: [string[], string[]] = [[], []]
  const left = [...answers]
  const terminal: Terminal = {
    print: (line) => void stdout.push(stripVTControlCharacters(`${line}\n`)),
    tell: (line) => void stderr.push(stripVTControlCharacters(`${line}\n`)),
    redraw: () => {},
    clear: () => {},
    redraws: false,
    async ask(question) {
      stderr.push(question)
      return left.shift() ?? null
    },
  }
  const status = await run(terminal).catch((error: unknown) => tellFailure(error, 'COMMAND', terminal))
  return { status, stdout: stdout.join(''), stderr: stderr.join('') }
}
