/**
 * What a client asks the Service Center for, where it is more than a name.
 */
import type { InstallPlan } from '../core/rollout/install-plan.ts'

/** So many bytes have left, of how many. */
export type Progress = (sent: number, total: number) => void

export type Rights = { readonly role: string; readonly organizations: readonly string[] | null }

export type WantedBaseline = {
  readonly organization: string
  readonly dataCenter: string
  readonly kind: string
  readonly patch: string
}

export type TrailFilters = { readonly [Name in 'who' | 'action' | 'from' | 'to' | 'text']: string | undefined }

export type StartInstall = {
  readonly patch: string
  readonly organizations: readonly string[]
  readonly dataCenter: string
  readonly allowOutage: boolean
  readonly outsideWindows?: boolean
  /** These go before it in the same interruption of each pair, in this order. */
  readonly first?: readonly string[]
  readonly waveSoakSeconds?: number
  /** What somebody agreed to, from the preview, where somebody was asked. */
  readonly confirmation?: string | undefined
  /** Which is started as it is, or not at all. */
  readonly plan?: InstallPlan
}
