/**
 * The help texts: one command in full, and the list of all of them.
 */
import { exitLines } from '../../agent/shell/command-line/exit-status.ts'
import type { Command, Options } from './command.ts'

const INDENT = '  '

export function commandHelp(command: Command): string[] {
  return [
    ...usageLines(command),
    '',
    `${command.summary}.`,
    '',
    'Options:',
    ...aligned(optionLines(command.options)),
    ...command.remarks.flatMap((remark) => ['', remark]),
    '',
    'Example:',
    `${INDENT}${command.example}`,
  ]
}

/** With what many commands share, on each of its lines. */
function usageLines({ name, usage, options }: Command): string[] {
  const shared = [
    ...('server' in options ? ['[--server URL]', '[--api-token TOKEN]'] : []),
    ...('output' in options ? ['[-o FORMAT]'] : []),
    ...('watch' in options ? ['[--watch]'] : []),
  ].join(' ')
  return `Usage: patchmesh ${name} ${usage}`.split('\n').map((line) => `${line.trimEnd()} ${shared}`.trimEnd())
}

/** Commands that other programs of the product carry out; each has a help of its own. */
const PROGRAMS = {
  'Try it': [
    ['demo', 'a Service Center and two Data Centers on this machine, one patch, and the page'],
    ['simulate TOPOLOGY.yaml', 'the same code under faults, in virtual time'],
  ],
  'Run it': [
    ['controller --data DIR', 'the Service Center'],
    ['agent --data DIR', 'what runs on an appliance'],
    ['check [--data DIR]', 'what an appliance can reach, its clock, its disk'],
    ['status --data DIR', 'what an appliance does now, why, and what it waits for'],
    ['orders stop [ORDER] --data DIR', 'stops, at the appliance, an order that has changed nothing yet'],
    ['import FOLDER --data DIR', 'takes in, at the appliance, the patches of a disk that was carried there'],
  ],
} as const

/** `groups` name the commands of this program under their headings. */
export function fullHelp(groups: Readonly<Record<string, readonly Command[]>>): string[] {
  const own = Object.entries(groups).map(
    ([heading, commands]) =>
      [
        heading,
        commands.map(({ name, operands, summary }) => [[name, ...operands].join(' '), lowerFirst(summary)] as const),
      ] as const,
  )
  const sections = [...Object.entries(PROGRAMS), ...own]
  const width = Math.max(...sections.flatMap(([, lines]) => lines.map(([left]) => left.length)))
  return [
    'patchmesh replicates software patches to every appliance of every Data Center, proves where they are, and',
    'installs them pair by pair.',
    '',
    'Usage: patchmesh COMMAND [OPTIONS]',
    ...sections.flatMap(([heading, lines]) => ['', `${heading}:`, ...aligned(lines, width)]),
    '',
    'PATCH is an id or NAME@VERSION. Each command has a --help of its own.',
    'Those that show something print it as -o json, yaml or table; --json is -o json.',
    '',
    'Exit status:',
    ...exitLines().map((line) => INDENT + line),
    '',
    'Example:',
    `${INDENT}patchmesh demo`,
  ]
}

function optionLines(options: Options): (readonly [string, string])[] {
  const lines = Object.entries(options).map(
    ([name, { value, about, multiple, short }]) =>
      [
        `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}${multiple === true ? '...' : ''}`,
        about,
      ] as const,
  )
  return [...lines, ['--help', 'this text']]
}

function aligned(
  lines: readonly (readonly [string, string])[],
  width = Math.max(...lines.map(([left]) => left.length)),
): string[] {
  return lines.map(([left, right]) => `${INDENT}${left.padEnd(width)}  ${right}`)
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
