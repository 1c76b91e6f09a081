/**
 * What one change of the flows costs in a world as large as any: `node --import tsx test/simulator/measure-sharing.ts`.
 * A thousand sites trade over 10,000 flows, and one site feeds a thousand more; then one flow after another ends and
 * another one begins elsewhere.
 */
import { nextBelow, seededRandom } from '../../protocol/random.ts'
import { type SharedFlow, type SharedLink, shareFairly } from '../../simulator/world/fair-sharing.ts'

const CHANGES = 20_000
const BYTES_PER_MS = 12_500

/** Microseconds of CPU for each flow that ended or began, and the share of the uplinks that is used at the end. */
export function measureSharing(
  sites: number,
  trading: number,
): { microseconds: number; setPerChange: number; used: number } {
  const random = seededRandom(1)
  const link = (bytesPerMs: number): SharedLink => ({ bytesPerMs, flows: new Set(), levelBytesPerMs: Infinity })
  const hub = link(10 * BYTES_PER_MS)
  const up = Array.from({ length: sites }, () => link(BYTES_PER_MS))
  const down = Array.from({ length: sites }, () => link(BYTES_PER_MS))
  const anyOf = (links: SharedLink[]): SharedLink => links[nextBelow(random, links.length)] as SharedLink
  const flows: SharedFlow[] = []
  let set = 0
  const begin = (from: SharedLink): void => {
    const flow = { path: [from, anyOf(down)], ceilingBytesPerMs: Infinity, rateBytesPerMs: 0, toldBytesPerMs: 0 }
    for (const one of flow.path) one.flows.add(flow)
    flows.push(flow)
    set += shareFairly(flow.path).size
  }
  const end = (at: number): void => {
    const [flow] = flows.splice(at, 1) as [SharedFlow]
    for (const one of flow.path) one.flows.delete(flow)
    set += shareFairly(flow.path).size
  }
  for (let count = 0; count < sites; count++) begin(hub)
  for (let count = 0; count < trading; count++) begin(anyOf(up))
  set = 0
  const before = process.cpuUsage()
  for (let count = 0; count < CHANGES / 2; count++) {
    const at = nextBelow(random, flows.length)
    const isFromHub = flows[at]?.path[0] === hub
    end(at)
    begin(isFromHub ? hub : anyOf(up))
  }
  const { user, system } = process.cpuUsage(before)
  const microseconds = (user + system) / CHANGES
  const carried = flows.reduce((sum, { path, rateBytesPerMs }) => sum + (path[0] === hub ? 0 : rateBytesPerMs), 0)
  return { microseconds, setPerChange: set / CHANGES, used: carried / (sites * BYTES_PER_MS) }
}

if (process.argv[1] === import.meta.filename) {
  for (const [sites, trading] of [
    [1_000, 10_000],
    [250, 2_500],
    [1_000, 2_500],
  ] as const) {
    const { microseconds, setPerChange, used } = measureSharing(sites, trading)
    process.stdout.write(
      `${sites} sites, ${trading} flows: ${microseconds.toFixed(1)} µs and ${setPerChange.toFixed(1)} rates for each change, uplinks ${(100 * used).toFixed(1)} % used\n`,
    )
  }
}
