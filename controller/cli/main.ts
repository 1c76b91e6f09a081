/**
 * The command line beside the daemons: finds the command, runs it, and ends with its status.
 */
import type { ExitStatus } from '../../agent/shell/command-line/exit-status.ts'
import { COMMANDS } from './commands.ts'
import { COMPLETE, completeNames } from './complete-names.ts'
import { tellFailure } from './failures.ts'
import { commandHelp, fullHelp } from './help.ts'
import { printable, processTerminal, type Terminal } from './terminal.ts'

const terminal = processTerminal()
process.exitCode = await runCommandLine(process.argv.slice(2), terminal)

async function runCommandLine(words: readonly string[], terminal: Terminal): Promise<ExitStatus> {
  if (words[0] === COMPLETE) return completeNames(words.slice(1), terminal)
  const commands = Object.values(COMMANDS).flat()
  const command = commands.find(({ name }) => name === words.slice(0, name.split(' ').length).join(' '))
  if (command === undefined) return helpOrMistake(words, terminal)
  const rest = words.slice(command.name.split(' ').length)
  if (asksForHelp(rest)) {
    for (const line of commandHelp(command)) terminal.print(line)
    return 0
  }
  try {
    return await command.run(rest, terminal)
  } catch (error) {
    return tellFailure(error, command.name, terminal)
  }
}

function helpOrMistake(words: readonly string[], terminal: Terminal): ExitStatus {
  const [first] = words
  if (first === undefined || first === 'help' || asksForHelp(words)) {
    for (const line of fullHelp(COMMANDS)) terminal.print(line)
    return first === undefined ? 2 : 0
  }
  const family = Object.values(COMMANDS)
    .flat()
    .filter(({ name }) => name.startsWith(`${first} `))
  const what =
    family.length === 0
      ? `there is no command ${printable(first)}`
      : `${first} is one of: ${family.map(({ name }) => name).join(', ')}`
  terminal.tell(`patchmesh: ${what}. See patchmesh --help.`)
  return 2
}

/** Before a `--`, behind which everything is an operand. */
function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--')
  return (end === -1 ? words : words.slice(0, end)).some((word) => word === '--help' || word === '-h')
}
