/**
 * `patchmesh enroll-token --from`: prints the tokens for a whole topology, also when others were refused, and says what
 * became of the rest.
 */

import type { ExitStatus } from '../../agent/shell/command-line/exit-status.ts'
import { type Refusal, RefusedError } from '../../protocol/refusals.ts'
import type { Slot } from '../core/records.ts'
import { issueToken } from '../shell/issue-token.ts'
import { issueForTopology, type TopologyTokens } from '../shell/issue-topology.ts'
import type { OpenData } from '../shell/open-data.ts'
import type { Topology } from '../topology/topology.ts'
import type { Show } from './command.ts'
import { noteHere } from './note-here.ts'
import { ProgressLine } from './progress-line.ts'
import { plural } from './quantities.ts'
import { printable, type Terminal } from './terminal.ts'

const SHOWN_DATA_CENTERS = 5

/** 0 when a token was made, or when every appliance has its place already. */
export async function enrollTopology(
  data: OpenData,
  file: string,
  { show, terminal }: { show: Show; terminal: Terminal },
): Promise<ExitStatus> {
  const topology = await readTopology(file, terminal)
  if (topology === null) return 1
  const progress = new ProgressLine(terminal)
  const started = performance.now()
  const tokens = await issueForTopology(
    topology,
    (slot) => issue(data, slot),
    (judged) => {
      if (performance.now() - started > 2000)
        progress.update(() => `${judged} of ${plural(topology.appliances.length, 'appliance')}`)
    },
  )
  progress.end()
  return printTokens(tokens, { show, terminal })
}

/** The exit status says whether running it again is needed for nothing that could be done now. */
export function printTokens(
  { made, known, waiting, denied }: TopologyTokens<{ name: string; token: string }>,
  { show, terminal }: { show: Show; terminal: Terminal },
): Promise<ExitStatus> {
  for (const { name, message } of denied)
    terminal.tell(`patchmesh: ${printable(name)} gets no token: ${printable(message)}.`)
  if (known.length > 0) terminal.tell(`skipped ${plural(known.length, 'appliance')} whose name is in use`)
  if (waiting.length > 0) tellWaiting(waiting, terminal)
  return show(
    made.map(({ name, token }) => ({ name, token })),
    () => made.map(({ name, token }) => `${printable(name)}\t${token}`),
    denied.length === 0 && (made.length > 0 || waiting.length === 0) ? 0 : 1,
  )
}

async function issue(data: OpenData, slot: Slot): Promise<{ name: string; token: string } | Refusal> {
  try {
    const { token } = await issueToken(data, slot)
    await noteHere(data.repository, { action: 'issue-token', subject: slot.name, organization: slot.organization })
    return { name: slot.name, token }
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal
    throw error
  }
}

/** Null after having told what is wrong with the file. */
export async function readTopology(file: string, terminal: Terminal): Promise<Topology | null> {
  // Most commands read no YAML.
  const { readTopologyFile, TopologyFileError } = await import('../topology/topology-file.ts')
  try {
    return await readTopologyFile(file)
  } catch (error) {
    if (!(error instanceof TopologyFileError)) throw error
    for (const line of error.message.split('\n')) terminal.tell(`patchmesh: ${printable(line)}`)
    return null
  }
}

function tellWaiting(waiting: readonly { dataCenter: string }[], terminal: Terminal): void {
  const names = [...new Set(waiting.map(({ dataCenter }) => dataCenter))]
  const more = names.length - SHOWN_DATA_CENTERS
  const where = names.slice(0, SHOWN_DATA_CENTERS).join(', ') + (more > 0 ? ` and ${more} more` : '')
  terminal.tell(
    `left out ${plural(waiting.length, 'appliance')} that connect through the depot of ${printable(where)}, which has never been ` +
      'connected: start the Service Provider appliances, then run this again for the rest',
  )
}
