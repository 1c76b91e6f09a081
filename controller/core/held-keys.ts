/**
 * What is said of an appliance whose key two machines use (cloned-keys.ts).
 */
import type { ApplianceRecord } from './records.ts'

/** Why nothing is expected of it, and what to do; null for a key that one machine has. */
export function whyKeyIsHeld({ name, heldAt }: ApplianceRecord): string | null {
  if (heldAt === null) return null
  return `two machines use the key of ${name}: switch the copy off and say that one is left (appliances trust ${name}), or give the place to a new key`
}
