/**
 * `patchmesh orders stop`: a person at the appliance stops an order that has changed nothing yet. The running agent decides,
 * writes it down and tells the Service Center; while none runs nothing is under way, and nothing is stopped.
 */
import { userInfo } from 'node:os'
import { parseArgs } from 'node:util'
import { OrderId } from '../protocol/identifiers.ts'
import { printableSentence } from '../protocol/printable.ts'
import { hint } from '../protocol/refusals.ts'
import { askPerson, isYes, notAgreed } from './shell/command-line/ask-person.ts'
import { outputOptions } from './shell/command-line/output.ts'
import { AGENT } from './shell/config/agent-config.ts'
import { dataFolder } from './shell/config/places.ts'
import { fail, printResult, readFormat } from './shell/daemon-command.ts'
import { askAgent } from './shell/visits/asking.ts'

const HELP = `Usage: patchmesh orders stop [ORDER] [--data DIR] [--yes] [-o FORMAT]

Stops an order at the appliance that it was sent to, while it has changed nothing there: it
waits in line, for its copy, or for what is looked at before. It ends as refused, and the
Service Center is told who stopped it. An installer that runs is never cut off: it is
finished, or what it did is put back. Without ORDER it is the order under way; patchmesh
status names them all.

Options:
  --data DIR           the data folder of the agent (default: that of /etc/patchmesh/agent.yaml)
  --yes                do not ask
  -o, --output FORMAT  json, yaml or table (default table)
  --json               one object on standard output, as -o json
  --help               this text

Example:
  patchmesh orders stop --data /var/lib/patchmesh
`

/** The exit status. */
export async function orders(args: string[]): Promise<number> {
  const { values, positionals } = read(args)
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const format = readFormat(values)
  const [verb, wanted, ...more] = positionals
  if (verb !== 'stop') return fail('orders is one of: orders stop. See patchmesh --help', 2)
  if (more.length > 0) return fail('one ORDER at a time; see patchmesh orders stop --help', 2)
  const folder = await dataFolder(values.data, AGENT)
  if (folder === undefined) return fail('--data is missing: name the data folder of the agent', 2)
  const order = wanted === undefined ? null : OrderId.safeParse(wanted)
  if (order?.success === false)
    return fail(`${JSON.stringify(wanted)} is not the id of an order; patchmesh status prints them`, 2)
  if (values.yes !== true && !(await isAgreed(folder, order?.data))) return 1
  const answer = await askAgent(folder, { kind: 'stop', order: order?.data ?? null, by: userInfo().username })
  if (answer === null)
    return fail(`no agent runs on ${folder}, so no order is under way there; one that begins again goes on with it`, 1)
  if (answer.kind === 'refused') return fail(`${printableSentence(answer.message)}. ${hint(answer.refused)}`, 1)
  if (answer.kind !== 'stopped') return fail('the agent has answered something else; see its log', 1)
  const { kind: _, ...stopped } = answer
  const title = printableSentence(stopped.title)
  await printResult(format, stopped, () => [
    `stopped the order of ${title}; nothing was changed here, and the Service Center is told`,
  ])
  return 0
}

/** Where there is nothing to stop nobody is asked: the agent says why. */
async function isAgreed(folder: string, wanted: OrderId | undefined): Promise<boolean> {
  const told = await askAgent(folder, { kind: 'status' })
  if (told === null || told.kind !== 'status') return true
  const { order, inLine } = told.status
  const found = wanted === undefined ? order : [order, ...inLine].find((one) => one?.id === wanted)
  if (found == null || !found.stoppable) return true
  const then = 'It ends as refused for good, the others of its group do not begin, and the Service Center is told.'
  const answer = await askPerson(
    `${printableSentence(`Stop the order of ${found.title}, ${found.phase}? ${then}`)} [y/N] `,
  )
  if (isYes(answer)) return true
  process.stderr.write(`${notAgreed(answer, 'Nothing was stopped')}\n`)
  return false
}

function read(args: string[]) {
  const options = {
    data: { type: 'string' },
    yes: { type: 'boolean' },
    help: { type: 'boolean' },
    ...outputOptions(),
  } as const
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    return fail(`${(error as Error).message}; see patchmesh orders stop --help`, 2)
  }
}
