/**
 * The states of an install and of its targets, which scripts rely on, what each means, and which may follow which: the one
 * definition from which schemas, metrics, pages and commands are made. Every change of a record is looked up in the tables
 * (committing.ts), so a move that is not in them is a bug that ends the process before anything is stored.
 */
export const INSTALL_STATES = ['planned', 'running', 'paused', 'halted', 'done', 'cancelled'] as const
/**
 * `paused`: no pair begins until a person resumes it. `halted`: ended by the Service Center without all being installed;
 * `cancelled`: by a person. `done` is installed.
 */
export type InstallState = (typeof INSTALL_STATES)[number]

export const TARGET_STATES = [
  'queued',
  'staging',
  'preflight',
  'installing',
  'verifying',
  'installed',
  'failed',
  'reverted',
  'refused',
  'cancelled',
  'unknown',
] as const
export type TargetState = (typeof TARGET_STATES)[number]

type Moves<State extends string> = Readonly<Record<State, readonly State[]>>

/**
 * `planned` is what nobody has begun yet. What has ended with somebody unheard goes on when it is heard: `done` or `halted`,
 * and then `running`; and a person may resume what has halted.
 */
export const INSTALL_MOVES: Moves<InstallState> = {
  planned: ['running', 'paused', 'halted', 'done', 'cancelled'],
  running: ['paused', 'halted', 'done', 'cancelled'],
  paused: ['running', 'halted', 'done', 'cancelled'],
  halted: ['running'],
  done: ['running'],
  cancelled: [],
}

/** An appliance tells where it is, and may have been in other states since it told last. */
const TOLD: readonly TargetState[] = [
  ...(['queued', 'staging', 'preflight', 'installing', 'verifying'] as const),
  ...(['installed', 'failed', 'reverted', 'refused', 'cancelled'] as const),
]
/** Of whoever has an order: it tells, nothing is heard of it for too long, or it has left the fleet. */
const UNDER_ORDER: readonly TargetState[] = [...TOLD, 'unknown']

/**
 * An appliance whose ledger was put back to an older one goes on from there, so it may tell again what it has ended; and
 * what a person resumes is queued again.
 */
export const TARGET_MOVES: Moves<TargetState> = {
  queued: UNDER_ORDER,
  staging: UNDER_ORDER,
  preflight: UNDER_ORDER,
  installing: UNDER_ORDER,
  verifying: UNDER_ORDER,
  installed: TOLD,
  failed: TOLD,
  reverted: TOLD,
  refused: TOLD,
  cancelled: TOLD,
  unknown: UNDER_ORDER,
}

/** A record that changes otherwise keeps its state. */
export function mayFollow<State extends string>(moves: Moves<State>, before: State, after: State): boolean {
  return before === after || moves[before].includes(after)
}

const UNDER_WAY: ReadonlySet<InstallState> = new Set(['planned', 'running', 'paused'])
const FINAL: ReadonlySet<TargetState> = new Set(['installed', 'failed', 'reverted', 'refused', 'cancelled', 'unknown'])
const FAILED: ReadonlySet<TargetState> = new Set(['failed', 'reverted'])

/** Whether targets that have not begun may still begin, beside those that finish a pair. */
export function isUnderWay(state: InstallState): boolean {
  return UNDER_WAY.has(state)
}

export function isFinal(state: TargetState): boolean {
  return FINAL.has(state)
}
export function isFailure(state: TargetState): boolean {
  return FAILED.has(state)
}

/** Nothing of it goes on any more, nor will: one that was halted or cancelled still waits for pairs that had begun. */
export function hasEnded(install: { state: InstallState; targets: readonly { state: TargetState }[] }): boolean {
  return !isUnderWay(install.state) && install.targets.every(({ state }) => isFinal(state))
}
