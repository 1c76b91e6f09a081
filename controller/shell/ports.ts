/**
 * The two seams of the Service Center's shell: what stores its records, and what its HTTP side may ask of it. `main.ts`
 * builds one of each and hands them on.
 */
import type { Readable } from 'node:stream'
import type { InstallId, OrganizationName, PeerId, Sha256 } from '../../protocol/identifiers.ts'
import type { Refusal } from '../../protocol/refusals.ts'
import type { Actor, Command, Reply, ServiceCenterEffect } from '../core/effects.ts'
import type { Standing } from '../core/permissions.ts'
import type { AuditRecord, Change, Slot, StatementRecord, TokenRecord } from '../core/records.ts'
import type { ServiceCenterState } from '../core/state.ts'
import type { ResumableUploads } from './intake/resumable-uploads.ts'

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
  /** Small named values: the addresses a token must name, the schema's version. */
  readSetting(key: string): Promise<string | undefined>
  writeSetting(key: string, value: string): Promise<void>
  /** Accounts, and what is known of whoever is let in. */
  readonly people: People
  /** What was signed about an install, and what its appliances detected of its patch at any time; the oldest first. */
  statements(about: { install: InstallId; patch: Sha256 }): Promise<StatementRecord[]>
  /** Newest first. */
  trail(query: TrailQuery): Promise<TrailEntry[]>
  /** Oldest first, all there is behind this position; for checking the chain. */
  trailAfter(position: number | null, limit: number): Promise<ChainedEntry[]>
  /** Secrets of people and scripts are kept as their SHA-256 only. */
  addAccess(access: AccessRecord): Promise<void>
  findAccess(secretHash: Sha256): Promise<AccessRecord | undefined>
  /** Removes it and says whether it was there: a sign-in link works once, however many ask at once. */
  takeAccess(secretHash: Sha256): Promise<AccessRecord | undefined>
  /** What was answered to a request with this key in the last 24 hours. */
  findAnswer(request: { owner: Sha256; key: string; nowMs: number }): Promise<KeptAnswer | undefined>
  /** Forgets what is older than 24 hours, and of the owner's answers all but the newest few hundred. */
  keepAnswer(answer: KeptAnswer): Promise<void>
  close(): Promise<void>
}

/** The answer to a request that carried an Idempotency-Key. */
export type KeptAnswer = {
  /** The session or API token that asked. */
  owner: Sha256
  key: string
  /** Of the request: the same key with another one is a mistake. */
  fingerprint: Sha256
  status: number
  /** The JSON, sealed (controller/api/sealed-answers.ts): it may hold a secret. */
  body: Uint8Array
  keptAt: number
}

/** A JSON array of the addresses, with peer id, at which appliances dial the Service Center; written at each start. */
export const MESH_ADDRESSES_SETTING = 'mesh-addresses'
/** Where people find the page; written at each start. */
export const PAGE_ADDRESS_SETTING = 'page-address'

/** `device` is a browser in which somebody has signed in before: it opens nothing, but is not held up by strangers. */
export type AccessKind = 'api-token' | 'sign-in-link' | 'session' | 'device'
export type AccessRecord = Standing & {
  secretHash: Sha256
  kind: AccessKind
  /** Shown in the audit log. */
  name: string
  /** The key of whose account it is; null for an API token, and for a link that is good without an account. */
  account: string | null
  createdAt: number
  expiresAt: number
  /** When and from where it was used last; a minute or so may pass before it is written down. */
  usedAt: number
  origin: string
}

export type AccountRecord = Standing & {
  /** The name in lower case: two people whose names differ in that alone would be taken for each other. */
  key: string
  name: string
  /** Null until the person has set one. */
  passwordHash: string | null
  /** The password opens nothing: only a passkey does, or a sign-in link. */
  passkeyOnly: boolean
  createdAt: number
  disabledAt: number | null
  signedInAt: number | null
}

/** A public key that signs its owner in, and that no other site ever sees. */
export type PasskeyRecord = {
  /** Its id, as base64url: by it the browser and we know the key. */
  credential: string
  /** The key of the account. */
  account: string
  /** What the person calls it. */
  name: string
  /** Where it was added, and alone works. */
  host: string
  /** Under which the browser keeps the account; random, since it is no secret to the device. */
  userHandle: string
  /** As COSE. */
  publicKey: Uint8Array
  /** How often the device says it was used; 0 for one that does not count. */
  counter: number
  createdAt: number
  usedAt: number | null
}

/** What a passkey has shown. */
export type PasskeyUse = Pick<PasskeyRecord, 'credential' | 'counter'>

export interface People {
  accounts(): Promise<AccountRecord[]>
  findAccount(key: string): Promise<AccountRecord | undefined>
  /**
   * Lets `decide` see all accounts and stores what it wants this one to be, null for none, in one transaction. What was
   * opened for the account before is closed: its sessions, links that nobody has used, and its passkeys if they end too.
   * The first account closes the links that are nobody's too. It is refused when it was asked for in a `session` that has
   * ended meanwhile.
   */
  alterAccount(
    key: string,
    decide: (accounts: readonly AccountRecord[]) => AccountRecord | null | Refusal,
    how?: { passkeysEnd?: boolean; session?: Sha256 | undefined },
  ): Promise<{ ended: Sha256[] } | Refusal>
  /**
   * Adds the session with what the account may do now, and closes the account's oldest ones beyond `most`; nothing for
   * an account that is gone, disabled, or not any more what `isStill` expects, nor for a passkey of it that is gone or has
   * counted so far before.
   */
  openSession(
    session: AccessRecord & { account: string },
    options: { most: number; isStill: (account: AccountRecord) => boolean; passkey?: PasskeyUse | undefined },
  ): Promise<{ ended: Sha256[] } | undefined>
  /** All of this kind, the newest first. */
  access(kind: AccessKind): Promise<AccessRecord[]>
  markUsed(secretHash: Sha256, use: Pick<AccessRecord, 'usedAt' | 'origin'>): Promise<void>
  /** Of everybody, the oldest first. */
  passkeys(): Promise<PasskeyRecord[]>
  findPasskey(credential: string): Promise<PasskeyRecord | undefined>
  /**
   * In one transaction with what `judge` finds of all that there are; an account that is gone gets none, and `session`,
   * which adds it, none once it has ended.
   */
  addPasskey(
    passkey: PasskeyRecord,
    judge: (passkeys: readonly PasskeyRecord[]) => Refusal | null,
    session?: Sha256,
  ): Promise<Refusal | null>
  removePasskey(credential: string): Promise<void>
}

/** As it is in the chain of all entries. */
export type ChainedEntry = Required<Omit<AuditRecord, 'organization'>> & {
  position: number
  organization: OrganizationName | null
  hash: Sha256
}

/** As somebody may see it: whoever is limited to organizations is told no hash, since it tells of entries of others. */
export type TrailEntry = Omit<ChainedEntry, 'hash'> & { hash: Sha256 | null }

export type TrailQuery = {
  who?: string | undefined
  /** Only what one of these did, or what was done to it. */
  about?: readonly string[] | undefined
  action?: string | undefined
  /** Wall milliseconds, both included. */
  since?: number | undefined
  until?: number | undefined
  /** Anywhere in an entry, in small or capital letters. */
  text?: string | undefined
  /** Only what concerns these; null for everything. */
  organizations: readonly OrganizationName[] | null
  /** Only what is older than this position. */
  before?: number | undefined
  limit: number
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
  /** `origin` is written into the trail: from where it was asked. */
  carryOut(command: Command, origin?: string): Promise<Reply | Refusal>
  /**
   * Streams the body to disk, checks it, stores it and publishes it; resolves when all of that is durable. Nothing is
   * left of an upload that is refused or cut.
   */
  upload(upload: {
    body: AsyncIterable<Uint8Array>
    filename: string
    actor: Actor
    origin?: string
    /** From Content-Length, if there was one. */
    expectedBytes: number | undefined
  }): Promise<{ patch: Sha256; created: boolean } | Refusal>
  /** The file of a patch from this byte on, as it is in the store now. */
  readPatch(patch: Sha256, from: number): Promise<{ stream: Readable; bytes: number } | Refusal>
  /** Those that survive a cut. */
  readonly uploads: ResumableUploads
  /** Asks an appliance after itself, now. */
  inquire(peer: PeerId): Promise<ToldAccount>
  issueToken(wanted: WantedToken, origin?: string): Promise<IssuedToken | Refusal>
  /** Calls the listener after each change that a page shows, at most a few times a second for each topic. */
  subscribe(listener: (topic: Topic) => void): () => void
  /** Why the process is not ready to serve, or null. */
  notReady(): string | null
  /** Appliances of the fleet that hold a control stream, directly or through a depot. */
  readonly connectedPeers: ReadonlySet<PeerId>
}

export type Topic = Extract<ServiceCenterEffect, { kind: 'changed' }>['topic']
