/**
 * Worlds in which the patch can never be installed: an upgrade whose postinst fails each time, over a healthy version of
 * which the appliance has its own proven copy. In every second one somebody is killed in the middle, at a script, an
 * effect or while dpkg unpacks. Whatever happens, the version before must be there again at the end.
 */
import { nextBelow, type Random, seededRandom } from '../../../protocol/random.ts'
import { childOf, happens } from '../../../simulator/world/child-random.ts'
import type { Kill, Moment, Victim } from './draw-kills.ts'
import { drawFamily, pick } from './draw-package.ts'
import { type PackageSpec, SCRIPTS, scriptRun } from './package-spec.ts'
import type { WorldPlan } from './world-plan.ts'

const NAMES = ['kabo', 'lodu', 'mifi', 'nubo', 'pedu'] as const
const PARTIES: readonly (readonly Victim[])[] = [['agent'], ['dpkg'], ['agent', 'dpkg'], ['dpkg', 'agent'], ['script']]

export function drawFailingWorld(seed: number): WorldPlan {
  const random = childOf(seededRandom(seed), 'failing')
  const { versions } = drawFamily(random, pick(random, NAMES))
  const [before, ...newer] = versions.map((spec): PackageSpec => ({ ...spec, scripts: SCRIPTS, habits: [] }))
  const after = newer[nextBelow(random, newer.length)]
  if (before === undefined || after === undefined) throw new Error('a family has fewer than two versions')
  return {
    ...{ seed, takesForeign: false, configuration: [], laterConfiguration: [], leftOut: [] },
    residents: [{ spec: before, state: 'ii' }],
    hasEarlierPatches: true,
    installs: [
      {
        patch: { kind: 'package', spec: after },
        ...{ admin: [], disorder: null, room: null, lock: null },
        failures: [`fail-${scriptRun(after, 'postinst', 'configure')}`],
        kills: happens(random, 0.5) ? [drawKill({ before, after }, random)] : [],
      },
    ],
  }
}

function drawKill(versions: { before: PackageSpec; after: PackageSpec }, random: Random): Kill {
  const moment = drawMoment(versions, random)
  const party = moment.at === 'effect' ? (['agent'] as const) : pick(random, PARTIES)
  const victims = moment.at === 'unpacking' ? party.filter((victim) => victim !== 'script') : party
  return { moment, victims, goesOn: pick(random, ['before-restart', 'after-restart'] as const) }
}

function drawMoment({ before, after }: { before: PackageSpec; after: PackageSpec }, random: Random): Moment {
  switch (pick(random, ['effect', 'forward', 'forward', 'back', 'unpacking'] as const)) {
    case 'effect':
      return {
        at: 'effect',
        effect: pick(random, ['run-step install', 'run-step revert'] as const),
        when: pick(random, ['before', 'after'] as const),
      }
    case 'forward':
      return {
        at: 'script',
        run: pick(random, [scriptRun(after, 'preinst', 'upgrade'), scriptRun(after, 'postinst', 'configure')]),
      }
    case 'back':
      return {
        at: 'script',
        run: pick(random, [scriptRun(before, 'preinst', 'upgrade'), scriptRun(before, 'postinst', 'configure')]),
      }
    case 'unpacking':
      return { at: 'unpacking' }
  }
}
