/**
 * The two seams of the Service Center's shell: what stores its records, and what its HTTP side may ask of it. `main.ts`
 * builds one of each and hands them on.
 */
import type { PeerId, Sha256 } from '../../protocol/identifiers.ts'
import type { Refusal } from '../../protocol/refusals.ts'
import type { Actor, Command, Reply, ServiceCenterEffect } from '../core/effects.ts'
import type { AuditRecord, Change, Slot, TokenRecord } from '../core/records.ts'
import type { ServiceCenterState } from '../core/state.ts'

/**
 * All of the database behind one module (repository.ts). Methods are asynchronous, so that PostgreSQL fits as well as
 * the embedded SQLite. What a promise has resolved for is durable.
 */
export interface Repository {
  /** Every record, as the changes that build the state; rows of `audit` are left out. */
  load(): Promise<Change[]>
  /** All or nothing, in one transaction. */
  commit(changes: readonly Change[]): Promise<void>
  /**
   * Judges by the tokens and appliances there are and inserts, in one transaction; throws `RefusedError` with what
   * `judge` found. Used by another process (`enroll-token`) too.
   */
  issueToken(token: TokenRecord, judge?: (slots: readonly Change[]) => Refusal | null): Promise<void>
  /** Tokens issued after the given position, in order; a running controller polls this. */
  tokensAfter(position: number): Promise<{ position: number; tokens: TokenRecord[] }>
  /** Who did what with the things of these names, or was one of these actors; newest first, at most `atMost`. */
  trailOf(names: readonly string[], atMost: number): Promise<AuditRecord[]>
  /** Small named values: the addresses a token must name, the schema's version. */
  readSetting(key: string): Promise<string | undefined>
  writeSetting(key: string, value: string): Promise<void>
  /** Secrets of people and scripts are kept as their SHA-256 only. */
  addAccess(access: AccessRecord): Promise<void>
  findAccess(secretHash: Sha256): Promise<AccessRecord | undefined>
  /** Removes it and says whether it was there: a sign-in link works once, however many ask at once. */
  takeAccess(secretHash: Sha256): Promise<AccessRecord | undefined>
  close(): Promise<void>
}

/** A JSON array of the addresses, with peer id, at which appliances dial the Service Center; written at each start. */
export const MESH_ADDRESSES_SETTING = 'mesh-addresses'

export type AccessRecord = {
  secretHash: Sha256
  kind: 'api-token' | 'sign-in-link' | 'session'
  /** Shown in the audit log. */
  name: string
  createdAt: number
  expiresAt: number
}

/** `replaces`: the token is for the place of that appliance, whose slot this is. */
export type WantedToken = { slot: Slot; replaces: PeerId | null; actor: Actor }
/** `token` is its text, which is nowhere else; by `id` it is known afterwards. */
export type IssuedToken = { id: PeerId; name: string; token: string; expiresAt: number }

/** The end of its agent's log, without secrets; or why it did not answer. */
export type ToldAccount = { told: true; log: string } | { told: false; reason: string }

export interface ServiceCenter {
  /** For the views of controller/core/views.ts; read only outside the loop. */
  readonly state: ServiceCenterState
  carryOut(command: Command): Promise<Reply | Refusal>
  /**
   * Streams the body to disk, checks it, stores it and publishes it; resolves when all of that is durable. Nothing is
   * left of an upload that is refused or cut.
   */
  upload(upload: {
    body: AsyncIterable<Uint8Array>
    filename: string
    actor: Actor
    /** From Content-Length, if there was one. */
    expectedBytes: number | undefined
  }): Promise<{ patch: Sha256; created: boolean } | Refusal>
  /** Asks an appliance after itself, now. */
  inquire(peer: PeerId): Promise<ToldAccount>
  issueToken(wanted: WantedToken): Promise<IssuedToken | Refusal>
  /** Calls the listener after each change that a page shows, at most a few times a second for each topic. */
  subscribe(listener: (topic: Topic) => void): () => void
  /** Why the process is not ready to serve, or null. */
  notReady(): string | null
  /** Appliances of the fleet that hold a control stream, directly or through a depot. */
  readonly connectedPeers: ReadonlySet<PeerId>
}

export type Topic = Extract<ServiceCenterEffect, { kind: 'changed' }>['topic']
