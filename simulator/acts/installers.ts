/**
 * Faults of installers: a program that fails, hangs or asks to be tried again, a version that is not healthy, and a
 * revert that does not work, or not yet.
 */
import type { InstallStep } from '../../agent/core/events.ts'
import type { Fault, FaultKind } from '../faults.ts'
import { type Act, type Hands, type Heal, NOTHING_TO_HEAL } from './hands.ts'

/** Longer than any installer may take. */
const HANG_MS = 65_000
const USUAL_MS = 2_000
const FAILURE = { ok: false, output: 'no', temporary: false }

export const installerActs = {
  'install-fails': (fault, hands) => next(fault, hands, 'install', 'the program ended with status 3'),
  'health-fails': (fault, hands) => next(fault, hands, 'verify', 'it is not healthy'),
  'revert-fails': (fault, hands) =>
    fault.dice % 3 === 0
      ? next(fault, hands, 'revert', 'the snapshot is gone')
      : next(fault, hands, 'revert', 'another program holds the lock', true),
  'temporary-error': (fault, hands) => next(fault, hands, 'install', 'the package database is locked', true),
  'installer-hangs': (fault, hands) => {
    const installer = hands.world.appliances.get(fault.who)?.installer
    if (installer === undefined) return null
    installer.durationsMs.install = HANG_MS
    next(fault, hands, 'install', 'it did not end within 60 seconds')
    return () => {
      installer.durationsMs.install = USUAL_MS
    }
  },
} satisfies Partial<Record<FaultKind, Act>>

/** The outcome of the next run of this step. */
function next({ who }: Fault, { world }: Hands, step: InstallStep, reason: string, temporary = false): Heal | null {
  const installer = world.appliances.get(who)?.installer
  installer?.outcomes[step].push({ ...FAILURE, reason, temporary })
  return installer === undefined ? null : NOTHING_TO_HEAL
}
