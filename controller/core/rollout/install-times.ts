/**
 * How long an install and its orders may take until somebody is told that something is late. Each is measured from what
 * was heard last, by the clock that nobody sets; the deadline alone is a moment that people are shown.
 */
import type { Manifest } from '../../../protocol/bundle/manifest.ts'

/** How long the targets that are not ready are queued before they count as cancelled. */
export const INSTALL_DEADLINE_MS = 24 * 3600 * 1000
/** How long a paused install can be resumed. */
export const PAUSED_AT_MOST_MS = 7 * 24 * 3600 * 1000
/** An ordered appliance that has not answered by then is said to be late; the order stays valid. */
export const PICKUP_MS = 2 * 60 * 1000
/** Beyond what the manifest allows: an appliance that has said nothing for so long is `unknown`. */
const LOST_CONTACT_MS = 15 * 60 * 1000

/** How long an appliance may be silent: its installer runs, or it watches the new version for the manifest's soak. */
export function silenceAllowedMs({ install, verify }: Manifest): number {
  return (install.timeoutSeconds + verify.soakSeconds) * 1000 + LOST_CONTACT_MS
}

/** Whether an appliance that waits for a restart may go on doing so in silence: until the deadline, and a little beyond. */
export function mayAwaitRestart({ impact }: Manifest, deadlineAt: number, wallMs: number): boolean {
  return impact.restart === 'reboot' && wallMs <= deadlineAt + LOST_CONTACT_MS
}
