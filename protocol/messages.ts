/**
 * What two ends of a stream say to each other, one type a message. README.md in this folder tells who speaks when.
 * Nothing here is signed: what must be believed travels inside as a letter (trust/statements.ts).
 */
import { z } from 'zod'
import { Bytes } from './codec.ts'
import { DialAddress, ListenAddress, PeerId, Sha256 } from './identifiers.ts'
import {
  MAX_ADDRESSES,
  MAX_COUNTER_GAPS,
  MAX_KNOWN_PATCHES,
  MAX_LANES,
  MAX_PATCH_BYTES,
  MAX_PIECE_BYTES,
  MAX_SENTENCE_CHARACTERS,
  MAX_SILENCE_MS,
  MAX_SOURCES,
} from './limits.ts'
import { RefusalCode } from './refusals.ts'
import { Envelope } from './trust/envelope.ts'
import { Letter } from './trust/statements.ts'

export const PROTOCOL_VERSION = 1
/** Held open by the appliance that dialled; letters and telemetry, both ways. */
export const CONTROL_PROTOCOL = `/patchmesh/control/${PROTOCOL_VERSION}`
/** Opened by whoever wants pieces, towards a source; the bytes of pieces travel over lanes beside it where they can. */
export const PIECES_PROTOCOL = '/patchmesh/pieces/2'
/** Of the release before, which knows no lanes. */
export const PIECES_PROTOCOL_BEFORE = '/patchmesh/pieces/1'
/** One question after an appliance itself, and its answer; over whatever connection it or its depot has opened. */
export const INQUIRY_PROTOCOL = `/patchmesh/inquiry/${PROTOCOL_VERSION}`
/** Carries nothing: how long it takes to be opened is the round trip. */
export const ROUND_TRIP_PROTOCOL = `/patchmesh/round-trip/${PROTOCOL_VERSION}`
/** The only protocol open to a peer that is not yet a member. */
export const ENROLL_PROTOCOL = `/patchmesh/enroll/${PROTOCOL_VERSION}`

const pieceIndex = z.int().min(0)

/** The states of a copy that a person is shown. */
export const CopyState = z.enum(['waiting', 'transferring', 'verifying', 'replicated'])
export type CopyState = z.infer<typeof CopyState>

/** How far a copy is, as its appliance tells; shown, never counted. */
export const Progress = z.strictObject({
  patch: Sha256,
  state: CopyState,
  bytes: z.int().min(0).max(MAX_PATCH_BYTES),
  reason: z.string().max(MAX_SENTENCE_CHARACTERS),
  /** Of the patch, over the last seconds. */
  bytesPerSecond: z.int().min(0),
  /** Of its pieces, over the WAN since the agent started; one that came twice counts twice. */
  wanBytes: z.int().min(0),
  /** Who sends it pieces of it now. */
  sources: z.array(PeerId).max(MAX_SOURCES),
})
export type Progress = z.infer<typeof Progress>

/** Drawn by each process of an agent when it starts; two that return in turns are two machines with one key. */
export const Life = z.string().regex(/^[0-9a-f]{32}$/)
export type Life = z.infer<typeof Life>

/**
 * Counters between the last that a ledger knew when a process began and that from which the process counted on; until one
 * of its statements was acknowledged.
 */
export const CounterGap = z.strictObject({ known: z.int().min(0), since: z.int().min(0) })
export type CounterGap = z.infer<typeof CounterGap>

/** What an appliance tells about itself when its control stream opens. */
export const Greeting = z.strictObject({
  version: z.literal(PROTOCOL_VERSION),
  /** Where it accepts members; empty for an appliance that only dials. */
  addresses: z.array(ListenAddress).max(MAX_ADDRESSES),
  rosterVersion: z.int().min(0),
  /**
   * Of its statements: those that its ledger knows nothing of, and the newest. Where the Service Center has heard one of the
   * former, or above the latter, the ledger was lost or is an older one.
   */
  counters: z.strictObject({ gaps: z.array(CounterGap).max(MAX_COUNTER_GAPS), newest: z.int().min(0) }),
  /** The patches whose publication it holds, so that only the others are sent. */
  known: z.array(Sha256).max(MAX_KNOWN_PATCHES),
  life: Life,
  /** After so much of it, it gives a connection up. */
  silenceMs: z.int().min(0).max(MAX_SILENCE_MS),
  /** Of the policy that it holds; not there where it holds none. */
  policyVersion: z.int().min(1).optional(),
})
export type Greeting = z.infer<typeof Greeting>

export const ControlMessage = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('greeting'), greeting: Greeting }),
  /** A signed statement for `letter.to`, which may be this peer or somebody it forwards to. */
  z.strictObject({ kind: z.literal('letter'), letter: Letter }),
  z.strictObject({ kind: z.literal('progress'), progress: Progress }),
  /** Every 10 seconds from the side that dialled; the other answers with `pong`, and what time it is there. */
  z.strictObject({ kind: z.literal('ping') }),
  z.strictObject({ kind: z.literal('pong'), wallMs: z.int().min(0) }),
  /** Depot to Service Center: this tenant appliance holds its control stream here now, or no longer does. */
  z.strictObject({ kind: z.literal('attached'), peer: PeerId, greeting: Greeting }),
  z.strictObject({ kind: z.literal('detached'), peer: PeerId }),
  /** Service Center, of this peer or of a tenant of its: a person has to decide something first, and it shall come later. */
  z.strictObject({ kind: z.literal('held'), peer: PeerId, reason: z.string().max(MAX_SENTENCE_CHARACTERS) }),
  /** Depot to Service Center and back: enrollment of a peer that can reach only the depot. */
  z.strictObject({ kind: z.literal('enrolling'), peer: PeerId, request: z.lazy(() => EnrollmentRequest) }),
  z.strictObject({
    kind: z.literal('enrollment'),
    peer: PeerId,
    appliance: PeerId,
    answer: z.lazy(() => EnrollmentAnswer),
  }),
])
export type ControlMessage = z.infer<typeof ControlMessage>

export const PiecesMessage = z.discriminatedUnion('kind', [
  /** Reader: follow this patch. The source answers with `offer`, at once or when it has learned the patch. */
  z.strictObject({ kind: z.literal('want'), patch: Sha256 }),
  /** Reader: no longer. */
  z.strictObject({ kind: z.literal('unwant'), patch: Sha256 }),
  /** Source: the leaves of the Merkle tree, laid end to end, and which pieces it has. */
  z.strictObject({ kind: z.literal('offer'), patch: Sha256, hashes: Bytes, have: Bytes }),
  /** Source: one more piece may be requested. Reader, to the Service Center: has it now, from whomever. */
  z.strictObject({ kind: z.literal('have'), patch: Sha256, index: pieceIndex }),
  /** Source: bytes of a further piece are coming in here, or what was requested waits in line; about once a second. */
  z.strictObject({ kind: z.literal('coming'), patch: Sha256 }),
  /** Source: does not hold this patch any more. */
  z.strictObject({ kind: z.literal('gone'), patch: Sha256 }),
  /** Source: its disk does not give this piece, which was requested; the others may be there. */
  z.strictObject({ kind: z.literal('unreadable'), patch: Sha256, index: pieceIndex }),
  /** Reader: what came as this piece is not what was signed. Whoever sent it looks at its own copy. */
  z.strictObject({ kind: z.literal('wrong'), patch: Sha256, index: pieceIndex }),
  /** Reader: the piece shall come over this lane; over this stream where none is named. */
  z.strictObject({
    kind: z.literal('request'),
    patch: Sha256,
    index: pieceIndex,
    lane: z.int().min(1).max(MAX_LANES).optional(),
  }),
  /** Reader: takes a request back; the piece comes all the same if it is on its way. */
  z.strictObject({ kind: z.literal('cancel'), patch: Sha256, index: pieceIndex }),
  /** Source: the frames that follow are the bytes of this piece, so many of them. */
  z.strictObject({
    kind: z.literal('piece'),
    patch: Sha256,
    index: pieceIndex,
    bytes: z.int().min(1).max(MAX_PIECE_BYTES),
  }),
])
export type PiecesMessage = z.infer<typeof PiecesMessage>

/** By which a lane is known when it comes, and the secret that protects it (TLS 1.3 with a pre-shared key). */
export const LaneTicket = z.strictObject({
  id: Bytes.refine((id) => id.byteLength === 16, 'is not 16 bytes'),
  secret: Bytes.refine((secret) => secret.byteLength === 32, 'is not 32 bytes'),
})
export type LaneTicket = z.infer<typeof LaneTicket>

/** What is said on a stream of pieces about the lanes beside it. */
export const LaneMessage = z.discriminatedUnion('kind', [
  /** Reader: wants to dial a lane of this number. */
  z.strictObject({ kind: z.literal('lane-wanted'), lane: z.int().min(1).max(MAX_LANES), ticket: LaneTicket }),
  /** Source: expects it now. */
  z.strictObject({ kind: z.literal('lane-expected'), lane: z.int().min(1).max(MAX_LANES) }),
])
export type LaneMessage = z.infer<typeof LaneMessage>

/** All that goes over a stream of pieces of this release. */
export const PieceStreamMessage = z.discriminatedUnion('kind', [...PiecesMessage.options, ...LaneMessage.options])
export type PieceStreamMessage = z.infer<typeof PieceStreamMessage>

export const EnrollmentRequest = z.strictObject({
  version: z.literal(PROTOCOL_VERSION),
  /** The identity that the appliance will have from now on; it never leaves that key's private half out of its disk. */
  appliance: PeerId,
  /** HMAC-SHA-256 over the protocol name, the Service Center's peer id and `appliance`; see token.ts. */
  proof: Bytes.refine((b) => b.byteLength === 32, 'is not 32 bytes'),
})
export type EnrollmentRequest = z.infer<typeof EnrollmentRequest>

export const EnrollmentAnswer = z.discriminatedUnion('kind', [
  /** `roster` tells the new member whom to dial. */
  z.strictObject({ kind: z.literal('enrolled'), membership: Envelope, roster: Envelope }),
  z.strictObject({ kind: z.literal('refused'), code: RefusalCode, message: z.string().max(MAX_SENTENCE_CHARACTERS) }),
])
export type EnrollmentAnswer = z.infer<typeof EnrollmentAnswer>

export const Inquiry = z.strictObject({
  /** Who shall answer: the peer that is asked, or an appliance that is connected to it. */
  to: PeerId,
  /** Comes back in the signed answer, so that an older one is none. */
  nonce: Bytes.refine((nonce) => nonce.byteLength === 16, 'is not 16 bytes'),
  /** Whether the end of its log is wanted too. */
  log: z.boolean(),
})
export type Inquiry = z.infer<typeof Inquiry>

export const InquiryAnswer = z.discriminatedUnion('kind', [
  /** `account` is signed by the appliance that was asked. */
  z.strictObject({ kind: z.literal('told'), account: Envelope }),
  z.strictObject({ kind: z.literal('silent'), reason: z.string().max(MAX_SENTENCE_CHARACTERS) }),
])
export type InquiryAnswer = z.infer<typeof InquiryAnswer>

/** What a token carries besides its secret. */
export const DialAddresses = z
  .array(DialAddress)
  .min(1)
  .max(2 * MAX_ADDRESSES)
