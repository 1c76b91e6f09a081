/**
 * What a seed builds and what its admins do there: Data Centers with Service Provider groups, tenant organizations with
 * theirs, uploads, installs, cancellations and withdrawals at chosen times. All of it is drawn before the world begins,
 * so that a run can leave parts of it out and still be the same run.
 */
import type { MaintenanceWindow } from '../controller/core/windows/window.ts'
import { nextBelow, type Random } from '../protocol/random.ts'

export type Estate = {
  readonly dataCenters: readonly string[]
  /** A Data Center that joins in the middle. */
  readonly late: { readonly dataCenter: string; readonly atMs: number } | null
  /** Names such as `paris/primary` and `paris/acme/secondary`, depots first. */
  readonly appliances: readonly string[]
  /** What each Data Center has of bandwidth; null where nobody counts it. */
  readonly downBitsPerSecond: number | null
}

export type Deed = { readonly atMs: number; readonly admin: string } & (
  | { readonly kind: 'upload'; readonly patch: number; readonly content: 'first' | 'other' }
  | {
      readonly kind: 'install'
      readonly patch: number
      readonly organizations: readonly string[]
      readonly dataCenter: string | null
      readonly allowOutage: boolean
      readonly outsideWindows?: boolean
      /** Patches that go before it in one interruption. */
      readonly first?: readonly number[]
      readonly waveSoakSeconds?: number
    }
  | { readonly kind: 'cancel'; readonly install: number }
  | { readonly kind: 'pause'; readonly install: number }
  | { readonly kind: 'resume'; readonly install: number; readonly retryFailed: boolean }
  | { readonly kind: 'withdraw'; readonly patch: number }
  | { readonly kind: 'set-window'; readonly window: MaintenanceWindow }
  | { readonly kind: 'remove-window'; readonly name: MaintenanceWindow['name'] }
)

export type PatchShape = {
  readonly name: string
  readonly pieces: number
  readonly restart: 'none' | 'service' | 'reboot'
  readonly order: 'secondary-first' | 'any'
  readonly soakSeconds?: number
}

export type Workload = { readonly patches: readonly PatchShape[]; readonly deeds: readonly Deed[] }

const SITES = ['paris', 'oslo', 'rome', 'lima']
const TENANTS = ['acme', 'globex']
export const ADMINS = ['ada', 'grace', 'edsger']
/** Mostly pairs; a group of one or three now and then. */
const GROUPS = [
  ['primary', 'secondary'],
  ['primary', 'secondary'],
  ['primary', 'secondary'],
  ['primary', 'secondary'],
  ['primary', 'secondary'],
  ['primary', 'secondary'],
  ['primary'],
  ['primary', 'secondary', 'third'],
]

export function drawEstate(random: Random, safetyMs: number): Estate {
  const dice = nextBelow(random, 20)
  const count = dice < 4 ? 1 : dice < 17 ? 2 : 3
  const dataCenters = SITES.slice(0, count)
  const late =
    count < 3 && chance(random, 25)
      ? { dataCenter: SITES[3] as string, atMs: 10_000 + nextBelow(random, Math.floor(safetyMs / 2)) }
      : null
  const sites = late === null ? dataCenters : [...dataCenters, late.dataCenter]
  const appliances = sites.flatMap((site) => {
    const tenants = TENANTS.slice(0, 1 + nextBelow(random, 2))
    const depot = pick(random, GROUPS).map((role) => `${site}/${role}`)
    return [...depot, ...tenants.flatMap((tenant) => pick(random, GROUPS).map((role) => `${site}/${tenant}/${role}`))]
  })
  const downBitsPerSecond = chance(random, 65) ? pick(random, [2e6, 5e6, 20e6, 100e6]) : null
  return { dataCenters, late, appliances, downBitsPerSecond }
}

/** Some patches are watched for a while before they count as installed; drawn last, so that all else is what it was. */
export function withSoaks(workload: Workload, random: Random): Workload {
  const patches = workload.patches.map((patch) => ({ ...patch, soakSeconds: chance(random, 30) ? 10 : 0 }))
  return { ...workload, patches }
}

/** In some worlds the waves of most installs have to stand for a while before the next; drawn last too. */
export function withWaveSoaks(workload: Workload, random: Random): Workload {
  if (!chance(random, 30)) return workload
  const deeds = workload.deeds.map((deed) =>
    deed.kind === 'install' && chance(random, 60) ? { ...deed, waveSoakSeconds: pick(random, [5, 20, 60]) } : deed,
  )
  return { ...workload, deeds }
}

/** In some worlds patches go together, in one interruption of each pair; drawn last too. */
export function withCompanions(workload: Workload, random: Random): Workload {
  if (!chance(random, 25)) return workload
  const deeds = workload.deeds.map((deed) => {
    if (deed.kind !== 'install' || !chance(random, 60)) return deed
    const others = [...workload.patches.keys()].filter((patch) => patch !== deed.patch)
    const first = others.filter(() => chance(random, 40)).slice(0, 2)
    return first.length === 0 ? deed : { ...deed, first }
  })
  return { ...workload, deeds }
}

export function drawWorkload(random: Random, estate: Estate, safetyMs: number): Workload {
  const patches = Array.from(
    { length: 2 + nextBelow(random, 4) },
    (_, index): PatchShape => ({
      name: `patch-${index + 1}`,
      pieces: 1 + nextBelow(random, chance(random, 25) ? 40 : 12),
      restart: pick(random, ['service', 'service', 'service', 'reboot', 'none']),
      order: pick(random, ['secondary-first', 'secondary-first', 'any']),
    }),
  )
  const deeds: Deed[] = []
  const admin = (): string => pick(random, ADMINS)
  const soon = (afterMs: number): number =>
    afterMs + nextBelow(random, Math.max(1, Math.floor((safetyMs - afterMs) * 0.8)))
  let installs = 0
  for (const patch of patches.keys()) {
    const atMs = nextBelow(random, Math.floor(safetyMs / 2))
    deeds.push({ kind: 'upload', patch, content: 'first', atMs, admin: admin() })
    if (chance(random, 30)) deeds.push({ kind: 'upload', patch, content: 'first', atMs: soon(atMs), admin: admin() })
    if (chance(random, 30)) deeds.push({ kind: 'upload', patch, content: 'other', atMs: soon(atMs), admin: admin() })
    if (chance(random, 25)) {
      const withdrawnAtMs = soon(atMs)
      deeds.push({ kind: 'withdraw', patch, atMs: withdrawnAtMs, admin: admin() })
      if (chance(random, 60))
        deeds.push({ kind: 'upload', patch, content: 'first', atMs: soon(withdrawnAtMs), admin: admin() })
    }
    for (let count = nextBelow(random, 5); count > 0; count--) {
      const organizations = ['provider', ...TENANTS].filter(() => chance(random, 60))
      const installedAtMs = soon(atMs)
      const dataCenter = chance(random, 30) ? pick(random, estate.dataCenters) : null
      deeds.push({
        kind: 'install',
        patch,
        organizations: organizations.length === 0 ? ['provider'] : organizations,
        dataCenter,
        allowOutage: chance(random, 10),
        atMs: installedAtMs,
        admin: admin(),
      })
      if (chance(random, 20))
        deeds.push({ kind: 'cancel', install: installs, atMs: soon(installedAtMs), admin: admin() })
      installs += 1
    }
  }
  // Drawn last, so that the rest is what it is without them.
  for (const patch of patches.keys()) if (chance(random, 25)) deeds.push(...drawCycles(random, patch, deeds))
  deeds.push(...drawPauses(random, deeds, safetyMs))
  return { patches, deeds: deeds.sort((left, right) => left.atMs - right.atMs) }
}

/**
 * Somebody who cannot decide, while the patch is still on its way to most: it is withdrawn and the very same file
 * uploaded again at once, a few times, sooner or later than a transfer takes.
 */
function drawCycles(random: Random, patch: number, deeds: readonly Deed[]): Deed[] {
  const uploadedAtMs = deeds.find((deed) => deed.kind === 'upload' && deed.patch === patch)?.atMs ?? 0
  const admin = pick(random, ADMINS)
  const paceMs = pick(random, [300, 1_500, 6_000])
  let atMs = uploadedAtMs
  return Array.from({ length: 2 + nextBelow(random, 4) }).flatMap((): Deed[] => {
    const withdrawnAtMs = atMs + 50 + nextBelow(random, paceMs)
    atMs = withdrawnAtMs + 1 + nextBelow(random, chance(random, 50) ? 50 : paceMs)
    return [
      { kind: 'withdraw', patch, atMs: withdrawnAtMs, admin },
      { kind: 'upload', patch, content: 'first', atMs, admin },
    ]
  })
}

/** Some installs are paused, soon after they began, and most of them resumed; some are resumed that were never paused. */
function drawPauses(random: Random, deeds: readonly Deed[], safetyMs: number): Deed[] {
  const installs = deeds.filter((deed) => deed.kind === 'install').map(({ atMs }) => atMs)
  return installs
    .sort((left, right) => left - right)
    .flatMap((installedAtMs, install): Deed[] => {
      const admin = pick(random, ADMINS)
      const pausedAtMs = installedAtMs + nextBelow(random, pick(random, [2_000, 10_000, 40_000]))
      const resumedAtMs = Math.min(safetyMs, pausedAtMs + nextBelow(random, 30_000))
      const retryFailed = chance(random, 40)
      const pause: Deed[] = chance(random, 35) ? [{ kind: 'pause', install, atMs: pausedAtMs, admin }] : []
      const resume: Deed[] = chance(random, 45)
        ? [{ kind: 'resume', install, retryFailed, atMs: resumedAtMs, admin: pick(random, ADMINS) }]
        : []
      return [...pause, ...resume]
    })
}

export function chance(random: Random, percent: number): boolean {
  return nextBelow(random, 100) < percent
}

export function pick<Value>(random: Random, from: readonly Value[]): Value {
  return from[nextBelow(random, from.length)] as Value
}
