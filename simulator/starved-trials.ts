/**
 * What some seeds try when everybody else is well: a member of a depot gets the processor now and then only while a patch
 * comes. What it could not notice meanwhile must count against nobody (checkers/lateness.ts).
 */
import { dataCenterOf, type Evidence, isTenant } from './checkers/evidence.ts'
import { LATENESS } from './checkers/lateness.ts'
import { type Calm, publish } from './quiet-trials.ts'
import type { SimulatedAppliance } from './world/simulated-appliance.ts'
import { starve } from './world/starve.ts'

/** Longer than a storm has anybody left alone. */
const FORGIVEN_MS = 11 * 60_000
const PIECES = 60
/** Where one piece takes a second, a secondary rightly thinks that its starved primary stands still, and asks outside too. */
const FAST_ENOUGH_BITS_PER_SECOND = 20e6
const BUDGET_MS = 20 * 60_000

/** Longer than a secondary is patient; than a source is waited for, and shorter than a secondary is patient; than a source may be silent. */
const WAYS = [
  { role: 'secondary', standsMs: 8_000 },
  { role: 'primary', standsMs: 2_700 },
  { role: 'secondary', standsMs: 20_000 },
] as const

/** `way` chooses among them. */
export function starvedOfProcessor({ world, evidence, rest }: Calm, way: number): void {
  const { role, standsMs } = WAYS[way % WAYS.length] ?? WAYS[0]
  const pair = pairOf(evidence)
  if (pair === null) return
  const site = world.network.sites.get(dataCenterOf(pair.primary.name))
  if (site !== undefined && site.options.downBitsPerSecond < FAST_ENOUGH_BITS_PER_SECOND) return
  world.run(FORGIVEN_MS)
  const who = pair[role]
  const { sha256 } = publish({ world, evidence }, 'patch-starved', PIECES).publication
  const primary = role === 'secondary' ? pair.primary.peer : null
  evidence.starved = { name: who.name, patch: sha256, primary }
  world.say(who.name, `STANDS STILL FOR ${standsMs} MS AT A TIME`)
  const end = starve(world, who, standsMs)
  const holds = world.runUntil(() => evidence.holds(who, sha256), world.nowMs + BUDGET_MS)
  end()
  evidence.expect(
    holds,
    LATENESS,
    () => `${who.name}, which is starved, has no copy after ${BUDGET_MS / 60_000} minutes`,
  )
  rest()
  evidence.starved = null
}

/** Of a depot both of whose members are there. */
function pairOf(evidence: Evidence): { primary: SimulatedAppliance; secondary: SimulatedAppliance } | null {
  const depots = evidence.fleet().filter(({ name, isRunning }) => !isTenant(name) && isRunning)
  for (const primary of depots) {
    if (evidence.members.get(primary.peer)?.role !== 'primary') continue
    const others = evidence.depotOf(primary.name).filter((one) => one !== primary)
    const [secondary] = others
    if (secondary !== undefined && others.length === 1 && secondary.isRunning) return { primary, secondary }
  }
  return null
}
