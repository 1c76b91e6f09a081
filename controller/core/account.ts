/** What an appliance tells of itself when it is asked. */
import type { Machine } from '../../agent/core/machine.ts'

/** Of the newest answer: shown, never counted. */
export type ApplianceAccount = {
  agentVersion: string
  storeBytes: number
  freeBytes: number
  toldAt: number
  /** Null where it has not looked yet. */
  machine: Machine | null
  /** How far its clock was ahead of the Service Center's when it answered; behind where it is below 0. */
  clockAheadMs: number
}
