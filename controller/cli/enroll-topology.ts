/**
 * `patchmesh enroll-token --from`: tokens for a whole topology at once. A token can be shown only once, so whatever was
 * made is printed, also when others were refused; and running it again gives what was not possible before.
 */
import { RefusedError } from '../../protocol/refusals.ts'
import { issueToken } from '../shell/issue-token.ts'
import { slotOf, type Topology } from '../topology/topology.ts'
import { readTopologyFile, TopologyFileError } from '../topology/topology-file.ts'
import type { ExitStatus } from './command.ts'
import type { OpenData } from './data-folder.ts'
import { ProgressLine } from './progress-line.ts'
import { plural } from './quantities.ts'
import { printable, type Terminal } from './terminal.ts'

const SHOWN_DATA_CENTERS = 5

/** 0 when a token was made, or when every appliance has its place already. */
export async function enrollTopology(
  data: OpenData,
  file: string,
  { json, terminal }: { json: boolean; terminal: Terminal },
): Promise<ExitStatus> {
  const topology = await read(file, terminal)
  if (topology === null) return 1
  const { appliances } = topology
  const made: { name: string; token: string }[] = []
  const waiting = { appliances: 0, dataCenters: new Set<string>() }
  let known = 0
  let refused = 0
  const progress = new ProgressLine(terminal)
  const started = performance.now()
  // Depots come first in a topology, so that their Data Center exists before its tenants are judged.
  for (const [index, appliance] of appliances.entries()) {
    if (performance.now() - started > 2000)
      progress.update(() => `${index} of ${plural(appliances.length, 'appliance')}`)
    try {
      const { token } = await issueToken(data, slotOf(appliance))
      made.push({ name: appliance.name, token })
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error
      if (error.refusal.refused === 'name_in_use') known += 1
      else if (error.refusal.refused === 'no_depot') {
        waiting.appliances += 1
        waiting.dataCenters.add(appliance.dataCenter)
      } else {
        refused += 1
        terminal.tell(`patchmesh: ${printable(appliance.name)} gets no token: ${printable(error.message)}.`)
      }
    }
  }
  progress.end()
  if (known > 0) terminal.tell(`skipped ${plural(known, 'appliance')} whose name is in use`)
  if (waiting.appliances > 0) tellWaiting(waiting, terminal)
  if (json) terminal.print(JSON.stringify(made))
  else for (const { name, token } of made) terminal.print(`${printable(name)}\t${token}`)
  const nothingLeft = waiting.appliances === 0
  return refused === 0 && (made.length > 0 || nothingLeft) ? 0 : 1
}

async function read(file: string, terminal: Terminal): Promise<Topology | null> {
  try {
    return await readTopologyFile(file)
  } catch (error) {
    if (!(error instanceof TopologyFileError)) throw error
    for (const line of error.message.split('\n')) terminal.tell(`patchmesh: ${printable(line)}`)
    return null
  }
}

function tellWaiting(waiting: { appliances: number; dataCenters: ReadonlySet<string> }, terminal: Terminal): void {
  const names = [...waiting.dataCenters]
  const more = names.length - SHOWN_DATA_CENTERS
  const where = names.slice(0, SHOWN_DATA_CENTERS).join(', ') + (more > 0 ? ` and ${more} more` : '')
  terminal.tell(
    `left out ${plural(waiting.appliances, 'appliance')} that connect through the depot of ${printable(where)}, which has never been ` +
      'connected: start the Service Provider appliances, then run this again for the rest',
  )
}
