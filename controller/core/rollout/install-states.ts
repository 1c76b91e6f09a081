/**
 * The states of an install and of its targets, which scripts rely on, and what each means: the one definition from which
 * schemas, metrics, pages and commands are made. Which state follows which is decided in installing.ts and
 * ending-installs.ts.
 */
export const INSTALL_STATES = ['planned', 'running', 'paused', 'halted', 'done', 'cancelled'] as const
/** `halted`: ended by the Service Center without all being installed; `cancelled`: by a person. `done` is installed. */
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
