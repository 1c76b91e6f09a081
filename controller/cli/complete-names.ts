/**
 * `patchmesh __complete WORDS...`, which the completions of the shells call: the names that may stand in the place of the
 * last word, one a line, with a tab and what it is where the name alone says little. Whoever waits has pressed a key, so
 * it answers within a bound, and says nothing at all where it cannot.
 */
import { OUTPUT_FORMATS } from '../../agent/shell/command-line/output.ts'
import { patchReference } from '../page/words.ts'
import type { Command } from './command.ts'
import { COMMANDS } from './commands.ts'
import { connect, type ServiceCenterClient } from './service-center-client.ts'
import { printable, type Terminal } from './terminal.ts'

export const COMPLETE = '__complete'

const WITHIN_MS = 1_500
const MOST_NAMES = 500

type Name = { readonly name: string; readonly about?: string }
type Source = (client: ServiceCenterClient) => Promise<Name[]>

const patches: Source = async (client) => (await client.patches()).map((patch) => ({ name: patchReference(patch) }))
const appliances: Source = (client) => client.appliances()
const organizations: Source = async (client) =>
  [...new Set((await client.appliances()).map(({ organization }) => organization))].map((name) => ({ name }))
const dataCenters: Source = async (client) => [...(await client.dataCenters()), { name: 'All' }]
const installs: Source = async (client) =>
  (await client.installs()).map(({ id, state, ...install }) => ({
    name: id,
    about: `${patchReference(install)} ${state}`,
  }))
const forms: Source = async () => OUTPUT_FORMATS.map((name) => ({ name }))

const OF_OPTION: Readonly<Record<string, Source>> = {
  ...{ organization: organizations, 'data-center': dataCenters, appliance: appliances },
  ...{ patch: patches, first: patches, output: forms },
}
/** By what the help calls an operand, and where that is not enough by the first word of the command. */
const OF_OPERAND: Readonly<Record<string, Source>> = {
  ...{ PATCH: patches, INSTALL: installs, 'installs ID': installs, 'appliances NAME': appliances },
}

/** Always 0: a key that was pressed has not failed. */
export async function completeNames(words: readonly string[], terminal: Terminal): Promise<0> {
  const late = setTimeout(() => process.exit(0), WITHIN_MS)
  const [found] = await Promise.allSettled([namesFor(words)])
  clearTimeout(late)
  if (found.status === 'fulfilled')
    for (const { name, about } of found.value)
      terminal.print(printable(name) + (about === undefined ? '' : `\t${printable(about)}`))
  return 0
}

async function namesFor(words: readonly string[]): Promise<Name[]> {
  const typed = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const command = Object.values(COMMANDS)
    .flat()
    .find(({ name }) => `${before.join(' ')} `.startsWith(`${name} `))
  if (command === undefined) return []
  const rest = before.slice(command.name.split(' ').length)
  const { source, server } = placeOf(command, rest)
  if (source === undefined) return []
  const names = await source(connect(server))
  return names.filter(({ name }) => name.startsWith(typed)).slice(0, MOST_NAMES)
}

type Place = { source: Source | undefined; server: { server?: string; 'api-token'?: string } }

/** What stands behind these words: the value of an option, or the next operand. */
function placeOf({ name, options, operands }: Command, rest: readonly string[]): Place {
  const server: Place['server'] = {}
  let given = 0
  let open: string | undefined
  for (const word of rest) {
    if (open !== undefined) {
      if (open === 'server' || open === 'api-token') server[open] = word
      open = undefined
    } else if (word.startsWith('-')) {
      const [option] =
        Object.entries(options).find(([long, { short }]) => word === `--${long}` || word === `-${short}`) ?? []
      open = option !== undefined && options[option]?.type === 'string' ? option : undefined
    } else given++
  }
  if (open !== undefined) return { source: OF_OPTION[open], server }
  const operand = (operands[given] ?? '').replace(/^\[|\]$/g, '')
  return { source: OF_OPERAND[`${name.split(' ')[0]} ${operand}`] ?? OF_OPERAND[operand], server }
}
