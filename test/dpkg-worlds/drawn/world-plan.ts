/**
 * What a world is and what happens in it, drawn from its seed alone before anything runs: the packages that are there
 * and in which state, what the admin did, how dpkg is configured, and up to three installs one after the other with
 * what goes wrong around each. Nothing here looks at a machine.
 */
import { nextBelow, type Random, seededRandom } from '../../../protocol/random.ts'
import { childOf, happens } from '../../../simulator/world/child-random.ts'
import { NEEDS_SCRIPTS, RESIDENT_STATES, type ResidentState } from '../resident-states.ts'
import type { Room } from '../world-root.ts'
import { type AdminAct, drawAdminActs } from './admin-acts.ts'
import { type BundleSpec, drawBundle } from './bundle-spec.ts'
import { drawFailures, drawKills, type Kill } from './draw-kills.ts'
import { drawFamily, type Family, forArchitecture, pick } from './draw-package.ts'
import type { PackageSpec } from './package-spec.ts'

export type Resident = { readonly spec: PackageSpec; readonly state: ResidentState }

export type Patch =
  | { readonly kind: 'package'; readonly spec: PackageSpec }
  | { readonly kind: 'bundle'; readonly spec: BundleSpec }

export const DISORDERS = ['torn-status', 'merge-markers', 'update-left', 'junk-in-updates', 'status-lost'] as const
export type Disorder = (typeof DISORDERS)[number]

/** Which lock another program holds, and from when. */
export type Lock = { readonly file: 'lock' | 'lock-frontend'; readonly from: 'order' | 'way-back' }

export type Install = {
  readonly patch: Patch
  readonly admin: readonly AdminAct[]
  readonly disorder: Disorder | null
  readonly room: Room | null
  readonly lock: Lock | null
  /** Marks that stand while it runs, and make scripts fail. */
  readonly failures: readonly string[]
  readonly kills: readonly Kill[]
}

export type WorldPlan = {
  readonly seed: number
  readonly takesForeign: boolean
  /** Lines of a file in dpkg.cfg.d of the appliance, there from the beginning. */
  readonly configuration: readonly string[]
  /** And of one that the admin wrote once everything was there. */
  readonly laterConfiguration: readonly string[]
  /** Paths below these are left out by dpkg. */
  readonly leftOut: readonly string[]
  readonly residents: readonly Resident[]
  /** Whether what is there has come by patches too, whose copies the appliance has. */
  readonly hasEarlierPatches: boolean
  readonly installs: readonly Install[]
}

const FIRST_SYLLABLES = ['ka', 'lo', 'mi', 'nu', 'pe', 'ro'] as const
const LEFT_OUT = '/usr/share/doc/'

export function drawWorld(seed: number): WorldPlan {
  const random = seededRandom(seed)
  const chance = (name: string): Random => childOf(random, name)
  const estate = chance('estate')
  const takesForeign = happens(estate, 0.3)
  const leavesOut = happens(estate, 0.15)
  const names = FIRST_SYLLABLES.map((syllable) => `${syllable}${pick(estate, ['bo', 'du', 'fi'])}`)
  const trigger = happens(estate, 0.3) ? '/opt/announced' : null
  const families = names
    .slice(0, 2 + nextBelow(estate, 2))
    .map((name) => drawFamily(estate, name, { activates: trigger !== null && happens(estate, 0.5) ? trigger : null }))
  const bystander = drawFamily(estate, `${pick(estate, ['sa', 'ta', 'va'])}bo`)
  const residents = [
    ...drawTriggered(trigger, chance('triggered')),
    ...families.flatMap((family) => drawResident(family, chance(`resident ${family.name}`), takesForeign)),
    ...drawBystander(bystander, chance('bystander')),
  ]
  const count = pick(estate, [1, 1, 1, 2, 2, 3])
  return {
    seed,
    takesForeign,
    ...drawConfiguration(leavesOut, families, chance('configuration')),
    residents,
    hasEarlierPatches: happens(chance('earlier patches'), 0.6),
    installs: Array.from({ length: count }, (_, at) =>
      drawInstall(families, residents, chance(`install ${at}`), takesForeign),
    ),
  }
}

/** What an admin tells dpkg on an appliance: what it leaves out, what it forces, and what it starts before and after. */
const LATER_CONFIGURATIONS: readonly (readonly string[])[] = [
  ['force-confnew'],
  ['force-confmiss'],
  ['force-confdef', 'force-confnew'],
  ['force-overwrite', 'force-unsafe-io'],
  ['force-all'],
  ['no-force-all'],
  ['pre-invoke=echo "the hook before speaks"', 'post-invoke=echo "the hook after speaks" >&2'],
  ['status-logger=cat > /dev/null'],
  ['pre-invoke=exit 3'],
  ['post-invoke=exit 3'],
  ['no-act'],
  ['there-is-no-such-option'],
]

function drawConfiguration(leavesOut: boolean, families: readonly Family[], random: Random) {
  const configuration = leavesOut ? [`path-exclude=${LEFT_OUT}*`] : []
  const leftOut = leavesOut ? [LEFT_OUT] : []
  if (happens(random, 0.08)) {
    const { name } = pick(random, families)
    configuration.push(`path-exclude=/opt/${name}/*`, `path-include /opt/${name}/version`)
    leftOut.push(`/opt/${name}/since-`, `/opt/${name}/current`, `/opt/${name}/bulk`)
  }
  return { configuration, leftOut, laterConfiguration: happens(random, 0.15) ? pick(random, LATER_CONFIGURATIONS) : [] }
}

/** A package that takes an interest in what others do; when it fails, so does its trigger. */
function drawTriggered(trigger: string | null, random: Random): Resident[] {
  if (trigger === null) return []
  const [spec] = drawFamily(random, 'wabo').versions
  if (spec === undefined) return []
  const scripted = { ...spec, scripts: ['postinst'] as const, habits: [], conffiles: {}, interest: trigger }
  return [{ spec: scripted, state: 'ii' }]
}

function drawResident(family: Family, random: Random, takesForeign: boolean): Resident[] {
  if (happens(random, 0.3)) return []
  const drawn = family.versions[nextBelow(random, 2)] as PackageSpec
  const foreign = takesForeign && drawn.isShared && happens(random, 0.4)
  const spec = foreign ? forArchitecture(drawn, 'i386') : drawn
  const states = RESIDENT_STATES.filter(
    (state) =>
      (spec.scripts.length === 4 || !NEEDS_SCRIPTS.includes(state)) && (state !== 'iW' || spec.activates !== null),
  )
  return [{ spec, state: happens(random, 0.6) ? 'ii' : pick(random, states) }]
}

/** Unrelated to every patch; now and then broken. */
function drawBystander(family: Family, random: Random): Resident[] {
  if (happens(random, 0.5)) return []
  const spec = family.versions[0] as PackageSpec
  const states =
    spec.scripts.length === 4 ? (['ii', 'ii', 'iF', 'iU', 'rc', 'hi', 'iHR'] as const) : (['ii', 'iU'] as const)
  return [{ spec, state: pick(random, states) }]
}

function drawInstall(
  families: readonly Family[],
  residents: readonly Resident[],
  random: Random,
  takesForeign: boolean,
): Install {
  const family = pick(random, families)
  const resident = residents.find(({ spec }) => spec.name === family.name)
  const patch = happens(random, 0.14)
    ? { kind: 'bundle' as const, spec: drawBundle(family, random) }
    : { kind: 'package' as const, spec: drawSpec(family, resident, random, takesForeign) }
  return {
    patch,
    admin: drawAdminActs(patch, resident, random),
    disorder: happens(random, 0.07) ? pick(random, DISORDERS) : null,
    room: happens(random, 0.08) ? drawRoom(random) : null,
    lock: happens(random, 0.08)
      ? { file: pick(random, ['lock', 'lock-frontend'] as const), from: pick(random, ['order', 'way-back'] as const) }
      : null,
    failures: drawFailures(patch, resident, random),
    kills: drawKills(patch, resident, random),
  }
}

function drawSpec(family: Family, resident: Resident | undefined, random: Random, takesForeign: boolean): PackageSpec {
  const newest = family.versions.length - 1
  const there = family.versions.findIndex(({ version }) => version === resident?.spec.version)
  const upgrade = there < 0 ? 1 + nextBelow(random, newest) : Math.min(newest, there + 1 + nextBelow(random, 2))
  const at = happens(random, 0.78) ? upgrade : happens(random, 0.5) ? Math.max(0, there) : 0
  const spec = family.versions[at] as PackageSpec
  const foreign = spec.architecture === 'amd64' && happens(random, takesForeign ? 0.15 : 0.04)
  return foreign ? forArchitecture(spec, 'i386') : spec
}

function drawRoom(random: Random): Room {
  if (happens(random, 0.4)) return { bytes: null, inodes: nextBelow(random, 60) }
  return { bytes: pick(random, [8, 64, 300, 2_000, 20_000]) * 1024 + nextBelow(random, 4096), inodes: null }
}
