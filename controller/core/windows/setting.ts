/**
 * Setting and removing maintenance windows and blackouts, and how people and scripts are shown them. A change holds at once,
 * for installs that run too: what has begun is finished, and what was ordered keeps the end that its order names.
 */
import { MAX_WINDOWS } from '../../../protocol/limits.ts'
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import type { Command } from '../effects.ts'
import type { Decision } from '../publishing.ts'
import type { AuditRecord, Change } from '../records.ts'
import type { ServiceCenterState } from '../state.ts'
import { judgeWindow } from './judging.ts'
import { nearby } from './recurrence.ts'
import { type MaintenanceWindow, scopeOf } from './window.ts'

export type WindowView = MaintenanceWindow & {
  isOpen: boolean
  /** Of the opening that is now, or else of the next; null where none comes any more. */
  opensAt: string | null
  closesAt: string | null
}

/** By name. */
export function windowViews(state: ServiceCenterState): WindowView[] {
  return [...state.windows.values()]
    .map((window) => windowView(state, window))
    .sort((left, right) => (left.name < right.name ? -1 : 1))
}

export function windowView({ clock }: ServiceCenterState, window: MaintenanceWindow): WindowView {
  const { now, next } = nearby(window, clock.wallMs)
  const span = now ?? next
  return {
    ...window,
    isOpen: now !== null,
    opensAt: span === null ? null : new Date(span.from).toISOString(),
    closesAt: span === null ? null : new Date(span.to).toISOString(),
  }
}

/** The one that is set under this name. */
export function namedWindow(state: ServiceCenterState, wanted: string): MaintenanceWindow | Refusal {
  const found = [...state.windows.values()].find(({ name }) => name === wanted)
  return found ?? refuse('not_found', `there is no maintenance window or blackout ${wanted.slice(0, 100)}`)
}

type SetWindow = Extract<Command, { kind: 'set-window' }>
type RemoveWindow = Extract<Command, { kind: 'remove-window' }>

export function changeWindows(state: ServiceCenterState, command: SetWindow | RemoveWindow): Decision {
  return command.kind === 'set-window' ? setWindow(state, command) : removeWindow(state, command)
}

function setWindow(state: ServiceCenterState, { actor, window, instead }: SetWindow): Decision {
  const { name } = window
  const before = state.windows.get(name) ?? null
  if (before === null && state.windows.size >= MAX_WINDOWS) {
    const many = `${MAX_WINDOWS} maintenance windows and blackouts are set already`
    return { reply: refuse('too_many_windows', many), changes: [] }
  }
  if (instead !== undefined && JSON.stringify(instead) !== JSON.stringify(before)) {
    const why = instead === null ? `${name} is set already` : `somebody else has changed ${name} since you looked`
    return { reply: refuse('changed_meanwhile', why), changes: [] }
  }
  const refusal = unknownPlace(state, window) ?? judgeWindow(window, state.clock.wallMs)
  if (refusal !== null) return { reply: refusal, changes: [] }
  return {
    reply: { kind: 'window-set', name },
    changes: [
      { table: 'windows', row: { name, window } },
      noted(state, window, { actor, action: 'set-window', outcome: inWords(window) }),
    ],
  }
}

function removeWindow(state: ServiceCenterState, { actor, name }: RemoveWindow): Decision {
  const found = namedWindow(state, name)
  if (isRefusal(found)) return { reply: found, changes: [] }
  return {
    reply: { kind: 'window-removed', name },
    changes: [
      { table: 'windows', row: { name, window: null } },
      noted(state, found, { actor, action: 'remove-window', outcome: 'done' }),
    ],
  }
}

/** A name that is mistyped would let installs begin at any time. */
function unknownPlace(state: ServiceCenterState, { organization, dataCenter }: MaintenanceWindow): Refusal | null {
  const all = [...state.appliances.values()]
  if (organization !== null && !all.some((appliance) => appliance.organization === organization))
    return refuse('unknown_organization', `there is no organization ${organization} with appliances`)
  if (dataCenter !== null && !all.some((appliance) => appliance.dataCenter === dataCenter))
    return refuse('unknown_data_center', `there is no Data Center ${dataCenter} with appliances`)
  return null
}

/** `window of acme in dc1: 4 hours from 2026-12-06 02:00 Europe/Berlin, FREQ=WEEKLY;BYDAY=SU`. */
export function inWords(window: MaintenanceWindow): string {
  const { kind, begins, zone, minutes, rule } = window
  const when = `${wholeUnits(minutes)} from ${begins.replace('T', ' ')} ${zone}`
  return `${kind} of ${scopeOf(window)}: ${when}, ${rule === '' ? 'once' : rule}`
}

/** In the largest unit of which it is a whole number: the exact length, as it was set. */
function wholeUnits(minutes: number): string {
  const [unit, length] = minutes % 1_440 === 0 ? ['day', 1_440] : minutes % 60 === 0 ? ['hour', 60] : ['minute', 1]
  const count = minutes / Number(length)
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}

type Note = Pick<AuditRecord, 'actor' | 'action' | 'outcome'>

function noted(state: ServiceCenterState, { name, organization }: MaintenanceWindow, note: Note): Change {
  const whose = organization === null ? {} : { organization }
  return { table: 'audit', row: { at: state.clock.wallMs, subject: name, ...note, ...whose } }
}
