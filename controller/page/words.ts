/**
 * Numbers and moments as a person reads them, and the addresses of the pages. Sizes are rounded down, so that nothing
 * looks complete before it is.
 */
import { clockDifference } from '../../protocol/clock.ts'
import type { AccountView } from '../core/appliance-views.ts'
import type { ExposureCounts } from '../core/exposure/exposure-views.ts'
import { isFinal } from '../core/rollout/install-states.ts'
import type { InstallDetail } from '../core/views.ts'

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB'] as const
const BIT_UNITS = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'] as const

export function size(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit += 1
  }
  const shown = unit === 0 ? String(value) : (Math.floor(value * 10) / 10).toFixed(1)
  return `${shown} ${bytes === 1 ? 'byte' : UNITS[unit]}`
}

/** `20 Mbit/s`, of a limit or a link. */
export function bitRate(bitsPerSecond: number): string {
  let value = bitsPerSecond
  let unit = 0
  for (; value >= 1000 && unit < BIT_UNITS.length - 1; unit++) value /= 1000
  return `${Number(value.toFixed(3))} ${BIT_UNITS[unit]}`
}

/** `47 s`, `2 min 20 s`, `12 min`, `3 h 20 min`, `2 days 4 h`: rounded up, so that nothing takes longer than was said. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  const tens = Math.ceil(seconds / 10)
  if (tens < 60) return joined(Math.floor(tens / 6), 'min', (tens % 6) * 10, 's')
  const minutes = Math.ceil(seconds / 60)
  if (minutes < 60) return `${minutes} min`
  if (minutes < 48 * 60) return joined(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
  const hours = Math.ceil(minutes / 60)
  return joined(Math.floor(hours / 24), 'days', hours % 24, 'h')
}

function joined(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`
}

/** What people are told about how long a copy will take. */
export function timeLeft(secondsLeft: number | null): string {
  return secondsLeft === null ? 'time left unknown' : `${duration(secondsLeft)} left`
}

/** What begins otherwise begins with a name, which has no capital of ours: `wrapped@1.5`, `dc1-sp-primary`, `data.tar.zst`. */
const PLAIN_WORD = /^[a-z']+(?:[\s,:;!?]|\.\s|\.?$)/

/** Reasons are written without a capital and a full stop, so that they fit into other sentences. */
export function sentence(message: string): string {
  return fullStop(PLAIN_WORD.test(message) ? message.charAt(0).toUpperCase() + message.slice(1) : message)
}

/** For what may begin with the name of an appliance, which has no capital of ours. */
export function fullStop(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

/** Why a copy is not getting on: always a sentence where it waits, nothing where there is nothing to say. */
export function whyWaiting({ state, reason }: { state: string; reason: string }): string {
  if (reason !== '') return sentence(reason)
  return state === 'waiting' ? 'The appliance has not said why it waits.' : ''
}

/** `2026-11-22 14:03 UTC`, from the ISO 8601 text of the API. */
export function moment(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`
}

export function exactMoment(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}

/** Where no version is there, or nobody has looked yet. */
export const NONE_FOUND = 'none found'
export function whatItHas(version: string | null): string {
  return version === null ? 'no version found there' : `has ${version}`
}

/** A sentence without a full stop. */
export function retentionRule(keepNewest: number | null): string {
  if (keepNewest === null) return 'all versions of each patch are kept'
  return keepNewest === 1
    ? 'the newest version of each patch is kept'
    : `the ${keepNewest} newest versions of each patch are kept`
}

/** `3 of 12, 2 overdue`. */
export function exposedOf({ state, exposed, total, overdue, notApplicable }: ExposureCounts): string {
  if (state === 'not applicable') return `not applicable to ${notApplicable}`
  if (state === 'ended') return `none of ${total}`
  return `${exposed} of ${total}${overdue === 0 ? '' : `, ${overdue} overdue`}`
}

/** Whoever cancels an install is told how the fleet will be then. */
export function whatCancelLeaves({ targets }: Pick<InstallDetail, 'targets'>): string {
  const done = targets.filter(({ state }) => state === 'installed').length
  const underWay = targets.filter(({ state, ordered }) => ordered && !isFinal(state)).length
  const some = (count: number) => (count === 0 ? 'no appliance' : counted(count, 'appliance'))
  const kept = `${some(done)} ${done <= 1 ? 'has' : 'have'} it already${done === 0 ? '' : ` and keep${done === 1 ? 's' : ''} it`}`
  const finished =
    underWay === 0
      ? 'None is installing it.'
      : `${counted(underWay, 'appliance')} ${underWay === 1 ? 'was' : 'were'} ordered to install it and finish${underWay === 1 ? 'es' : ''}.`
  return `${sentence(kept)} ${finished} No pair begins any more, and one that has begun is finished on both of its members.`
}

export function listed(names: readonly string[]): string {
  if (names.length <= 1) return names.join('')
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

export function where(dataCenter: string): string {
  return dataCenter === 'All' ? 'all Data Centers' : dataCenterTitle(dataCenter)
}

/** `Data Center Paris`, and `Data Center 1` for one that is named so. */
export function dataCenterTitle(name: string): string {
  return /^data center\b/i.test(name) ? name : `Data Center ${name}`
}

/** The address of the list; a patch's page lies below it. */
export const SYSTEM_PATCHES = '/appliances/software-updates'

/** The address of the page with every install, of whatever patch. */
export const INSTALLS = '/installs'

/** The address of the page with the Data Centers and their limits. */
export const DATA_CENTERS = '/data-centers'

/** The addresses where the limits of one link are changed. */
export const UPLINK_LIMITS = '/service-center/limits'
export function limitsAddress(dataCenter: string): string {
  return `${DATA_CENTERS}/${encodeURIComponent(dataCenter)}/limits`
}

/** Who may do what, and what was done. */
export const PEOPLE = '/access/people'
export function personAddress(name: string): string {
  return `${PEOPLE}/${encodeURIComponent(name)}`
}
export const API_TOKENS = '/access/api-tokens'
export const WINDOWS = '/maintenance-windows'
export function windowAddress(name: string): string {
  return `${WINDOWS}/${encodeURIComponent(name)}`
}
export const BASELINES = '/baselines'
export const EXPOSURE = '/exposure'
export const RETENTION = '/retention'
export const POLICY = '/access/policy'
export const PUBLISHERS = '/access/publishers'
export function publisherAddress(name: string): string {
  return `${PUBLISHERS}/${encodeURIComponent(name)}`
}
export const TRAIL = '/access/trail'
export const YOUR_ACCOUNT = '/access/your-account'
export const FIRST_OWNER = '/access/first-owner'

/** The address of the inventory; an appliance's page lies below it. */
export const APPLIANCES = '/appliances'
export const ENROLL = `${APPLIANCES}/enroll`
/** Names under which something else lies there. */
const TAKEN = [SYSTEM_PATCHES, ENROLL]

/** The address of an appliance's page: by name, but by its key where that is no address of it. */
export function applianceAddress(appliance: { name: string; peer: string; retiredAt: string | number | null }): string {
  const { name, peer, retiredAt } = appliance
  const byName = applianceNamed(name)
  const isAddress = retiredAt === null && !TAKEN.includes(byName)
  return isAddress ? byName : `${APPLIANCES}/${peer}`
}

/** The same where no more than a name is known. */
export function applianceNamed(name: string): string {
  return `${APPLIANCES}/${encodeURIComponent(name)}`
}

/** What somebody should do at an appliance, each as a sentence. */
export function whatToMind({ held, account }: { held: string | null; account: AccountView | null }): string[] {
  const decision = held === null ? [] : [sentence(held)]
  if (account === null) return decision
  const { restartDue, clockAheadSeconds } = account
  const clock = clockDifference(clockAheadSeconds * 1000)
  const wanted = restartDue === null || restartDue.wantedBy.length === 0 ? '' : `, for ${listed(restartDue.wantedBy)}`
  return [
    ...decision,
    ...(restartDue === null ? [] : [`A restart is due since ${restartDue.since}${wanted}.`]),
    ...(clock === null ? [] : [`Its clock is ${clock}: set it.`]),
  ]
}

/** Empty where the appliance never lost its ledger. */
export function ledgerWords({ ledgerLostAt }: { ledgerLostAt: string | null }): string[] {
  if (ledgerLostAt === null) return []
  return [`Its ledger was lost or put back to an older one, noticed ${ledgerLostAt}: it has told all that it has anew.`]
}

/** What a patch is called: see controller/core/patch-identity.ts. */
export type NamedPatch = { name: string; version: string; architecture: string | null }

/** `kernel 2`, or `kernel 2 for amd64`. */
export function patchTitle({ name, version, architecture }: NamedPatch): string {
  return architecture === null ? `${name} ${version}` : `${name} ${version} for ${architecture}`
}

/** `kernel@2`, or `kernel@2:amd64`: how a command line and an address name it. */
export function patchReference({ name, version, architecture }: NamedPatch): string {
  return architecture === null ? `${name}@${version}` : `${name}@${version}:${architecture}`
}

/** The address of a patch's page. */
export function patchAddress(patch: NamedPatch): string {
  return `${SYSTEM_PATCHES}/${encodeURIComponent(patchReference(patch))}`
}

/** Texts into something that can be an element's id: the same texts give the same id, different texts different ones. */
export function elementId(...parts: string[]): string {
  return parts.map((part) => Buffer.from(part).toString('base64url')).join('.')
}
