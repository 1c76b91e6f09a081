/**
 * What the plan of an install says (planning.ts makes it): in which waves it would go, pair by pair and member by member,
 * who is ready and why the others are not, how long it may take, whom it leaves without a stand-in, and what may fail. As
 * JSON it can be kept, and shown to whoever has to agree; its digest is of everything in it.
 */
import type { Manifest } from '../../../protocol/bundle/manifest.ts'
import type { DataCenterName, InstallId, OrganizationName, PeerId, Sha256 } from '../../../protocol/identifiers.ts'
import type { AroundTimes } from './earlier-times.ts'
import type { NamedReason } from './previewing.ts'

/** As much of one as is read; one for 10,000 appliances has three million bytes. */
export const MAX_PLAN_BYTES = 16 * 1024 * 1024

export const PLANNED_STANDINGS = ['ready', 'waits', 'refuses', 'installed'] as const
/** `waits`: it joins by itself, or when what is named is mended; `refuses`: it would, as things are; `installed`: it has it. */
export type PlannedStanding = (typeof PLANNED_STANDINGS)[number]

export type PlannedMember = {
  readonly appliance: string
  readonly peer: PeerId
  readonly role: string
  /** The version that is there now. */
  readonly has: string | null
  readonly standing: PlannedStanding
  /** Why it is not ready; of a ready one that it would go back to an earlier version. */
  readonly reason: string
}

/** Those that stand in for each other, mostly two, in the order in which they begin. */
export type PlannedPair = {
  readonly organization: string
  readonly dataCenter: string
  readonly kind: string
  readonly group: string
  /** So long one member has to do without the other, or its only member is interrupted. */
  readonly unprotectedSeconds: number
  /** Of all its members together, and when it begins after the first; null where none would install it. */
  readonly expectedSeconds: number
  readonly beginsAfterSeconds: number | null
  readonly members: readonly PlannedMember[]
}

export type PlannedWave = {
  /** 1 is the first pair alone, then the rest of its Data Center where there is any, then wider; see decision 21. */
  readonly wave: number
  readonly dataCentersAtOnce: number
  readonly dataCenters: readonly string[]
  readonly appliances: number
  readonly expectedSeconds: number
  readonly pairs: readonly PlannedPair[]
}

/** A patch by what people call it. */
export type PlannedPatch = {
  readonly id: Sha256
  readonly name: string
  readonly version: string
  readonly architecture: string | null
}

export type PlanWanted = {
  /** Patches that go before it in the same interruption of each pair, in this order. */
  readonly first: readonly Sha256[]
  readonly organizations: readonly OrganizationName[]
  readonly dataCenter: DataCenterName | 'All'
  readonly allowOutage: boolean
  readonly outsideWindows: boolean
  readonly waveSoakSeconds: number
}

/** What it takes on one appliance, and what that rests on (expecting.ts). */
export type ExpectedEach = {
  /** In the middle of all of them, and at most. */
  readonly seconds: number
  readonly longest: number
  /** What the patch itself takes was measured on so many that have it; the manifest estimates it where that is 0. */
  readonly measuredOn: number
  /** What comes around the patch, operators' checks and hooks among it: so much of `seconds`, and for how many it rests on what. */
  readonly around: { readonly seconds: number } & Readonly<Record<AroundTimes['basis'], number>>
}

export type PlanBody = {
  readonly madeAt: string
  readonly patch: PlannedPatch
  readonly first: readonly PlannedPatch[]
  /** What it needs first and is not everywhere, in order, and how many lack it: whoever plans may name them in `first`. */
  readonly needs: readonly (PlannedPatch & { readonly appliances: number })[]
  readonly organizations: readonly OrganizationName[]
  readonly dataCenter: DataCenterName | 'All'
  readonly allowOutage: boolean
  readonly outsideWindows: boolean
  /** So long a wave has to have stood before the next begins. */
  readonly waveSoakSeconds: number
  readonly restart: Manifest['impact']['restart']
  readonly counts: Readonly<Record<'appliances' | 'pairs' | PlannedStanding, number>>
  /** Where nobody has to wait. */
  readonly expectedSeconds: number
  readonly each: ExpectedEach
  /** The longest of all pairs, and all of them together. */
  readonly unprotectedSeconds: { readonly longest: number; readonly all: number }
  /** Until when whoever waits may begin. */
  readonly deadline: string
  readonly mayFail: {
    /** So many pairs that fail end it: while nobody has the patch, and later. */
    readonly pairsAtFirst: number
    readonly pairsLater: number
    /** So many end it in their Data Center. */
    readonly pairsOfADataCenter: number
    /** The same of whoever was ordered and is not heard of any more. */
    readonly unheardPairsAtFirst: number
    readonly unheardDataCentersLater: number
  }
  readonly waves: readonly PlannedWave[]
  readonly notApplicable: readonly NamedReason[]
  /** The maintenance windows and blackouts that hold for any of these places, in words. */
  readonly windows: readonly string[]
  /** Other installs that go on for any of these pairs. */
  readonly beside: readonly { readonly install: InstallId; readonly patch: string }[]
}
/** `digest` is of all the rest. */
export type InstallPlan = PlanBody & { readonly digest: Sha256 }
