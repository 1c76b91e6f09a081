/**
 * One valid value of everything that is decoded from outside, with its schema: what the fuzz tests start from.
 */
import type { z } from 'zod'
import { Manifest } from '../../protocol/bundle/manifest.ts'
import { sha256, sha256Hex } from '../../protocol/hashing.ts'
import { DialAddress, SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import { MIN_PIECE_BYTES } from '../../protocol/limits.ts'
import { ControlMessage, EnrollmentAnswer, EnrollmentRequest, PiecesMessage } from '../../protocol/messages.ts'
import { Token } from '../../protocol/token.ts'
import { Envelope, seal, signingKeyFromSeed } from '../../protocol/trust/envelope.ts'
import { EVIDENCE_FORMAT, EvidenceFile, InstallAccount } from '../../protocol/trust/evidence.ts'
import { Heard, LedgerLoss } from '../../protocol/trust/ledger-statements.ts'
import { OrderOutcome, OrderQuestion } from '../../protocol/trust/pair-statements.ts'
import {
  Acknowledgement,
  Cancellation,
  Detection,
  Disproof,
  Letter,
  Membership,
  Order,
  Publication,
  Receipt,
  Report,
  Roster,
  Staging,
  Withdrawal,
} from '../../protocol/trust/statements.ts'

export const root = signingKeyFromSeed(new Uint8Array(32).fill(1))
export const appliance = signingKeyFromSeed(new Uint8Array(32).fill(2))
const { peer } = appliance
const patch = sha256Hex(Buffer.from('patch-1'))
const id = 'ab'.repeat(16)
const AT = 1_790_000_000_000
const spoken = { from: peer, epoch: 1, counter: 1 }
const place = { organization: 'acme', dataCenter: 'paris' }
const slot = { ...place, name: 'paris/primary', kind: SERVICE_PROVIDER, role: 'primary', group: 'pair' }

const manifest = {
  name: 'patch-1',
  version: '1.0',
  kind: 'hotfix',
  publisher: 'somebody',
  created: '2026-01-01T00:00:00.000Z',
  payload: { size: 1000, sha256: patch, pieceSize: MIN_PIECE_BYTES, piecesRoot: patch },
  appliesTo: { applianceTypes: ['tenant'], fromVersions: ['0.9'] },
  requires: [{ name: 'patch-0' }],
  conflicts: [],
  supersedes: [],
  impact: { restart: 'service', estimateSeconds: 5 },
  pair: { peerCompat: [], maxSkewSeconds: 60, order: 'secondary-first' },
  install: { program: 'bin/install', timeoutSeconds: 60 },
  verify: { detect: { versionFile: '/opt/patch-1/version' }, soakSeconds: 0 },
  revert: { script: 'revert' },
  diskBytes: 0,
}

export const publication = Publication.schema.parse({
  name: 'patch-1',
  version: '1.0',
  bytes: 1000,
  sha256: patch,
  pieceLength: MIN_PIECE_BYTES,
  piecesRoot: patch,
  format: 'bundle',
  manifest,
  publishedAt: AT,
})
export const envelope = seal(Publication, publication, root)
const roster = {
  to: peer,
  version: 3,
  members: [{ ...slot, peer: root.peer, addresses: ['/ip4/10.0.0.1/tcp/4001'] }],
  group: [{ peer: root.peer, name: slot.name }],
  enrolling: [root.peer],
  limits: { downBitsPerSecond: 20_000_000, upBitsPerSecond: null, quietHours: [{ from: 1320, to: 360 }] },
}
const membership = { ...slot, appliance: peer, epoch: 1, serviceCenter: root.peer, enrolledAt: AT }
const counters = { gaps: [{ known: 7, since: AT }], newest: AT + 3 }
const greeting = {
  version: 1,
  addresses: ['/ip4/10.0.0.1/tcp/4001'],
  rosterVersion: 3,
  counters,
  known: [patch],
  life: '0123456789abcdef'.repeat(2),
  silenceMs: 30_000,
}
const letter = { to: peer, from: root.peer, envelope }
const report = {
  ...spoken,
  install: id,
  orderId: id,
  patch,
  state: 'refused',
  reason: 'because',
  refusal: 'not_replicated',
  output: '',
  installedVersion: null,
  reportedAt: AT,
}
const request = { version: 1, appliance: peer, proof: sha256(Buffer.from('proof')) }
const answer = { kind: 'enrolled', membership: envelope, roster: envelope }
const refused = { kind: 'refused', code: 'used_token', message: 'no' }
const order = {
  to: peer,
  orderId: id,
  sequence: 1,
  install: id,
  attempt: 1,
  action: 'install',
  patch,
  allowOutage: true,
  ...place,
  issuedAt: AT,
  expiresAt: AT + 1,
  after: { peer, order: id },
  continues: id,
  stages: [],
}

const account = {
  ...{
    install: id,
    patch,
    organization: 'acme',
    dataCenter: 'All',
    startedBy: 'Ana',
    startedAt: AT,
    allowOutage: false,
  },
  ...{ outsideWindows: true, state: 'halted', reason: 'because', statements: [patch], madeAt: AT },
}
const signature = { keyid: root.peer, sig: 'c2lnbmF0dXJl' }
const writtenEnvelope = { payloadType: 'application/x', payload: 'cGF5bG9hZA==', signatures: [signature] }
const evidence = {
  ...{ format: EVIDENCE_FORMAT, signingKey: root.peer, account: writtenEnvelope, publication: writtenEnvelope },
  appliances: [{ peer, membership: writtenEnvelope, statements: [writtenEnvelope] }],
}

export type Sample = { what: string; schema: z.ZodType<unknown>; values: unknown[] }

export const samples: Sample[] = [
  { what: 'an envelope', schema: Envelope, values: [envelope] },
  { what: 'a manifest', schema: Manifest, values: [manifest] },
  { what: 'a publication', schema: Publication.schema, values: [publication] },
  { what: 'a withdrawal', schema: Withdrawal.schema, values: [{ sha256: patch, reason: '', withdrawnAt: AT }] },
  { what: 'a membership', schema: Membership.schema, values: [membership] },
  { what: 'a roster', schema: Roster.schema, values: [roster] },
  {
    what: 'an order',
    schema: Order.schema,
    values: [order, { ...order, after: null, continues: null, stages: ['ab'.repeat(32)] }],
  },
  {
    what: 'a request to copy a patch ahead of its window',
    schema: Staging.schema,
    values: [{ to: peer, install: id, patch, opensAt: AT }],
  },
  {
    what: 'a cancellation',
    schema: Cancellation.schema,
    values: [{ to: peer, order: id, reason: 'cancelled by ann', cancelledAt: AT }],
  },
  {
    what: 'a question after an order',
    schema: OrderQuestion.schema,
    values: [{ from: peer, to: peer, order: id, askedAt: AT }],
  },
  {
    what: 'how an order has ended',
    schema: OrderOutcome.schema,
    values: [
      { from: peer, to: peer, order: id, ended: 'installed', toldAt: AT },
      { from: peer, to: peer, order: id, ended: 'not-meant', toldAt: AT },
    ],
  },
  {
    what: 'a receipt',
    schema: Receipt.schema,
    values: [{ ...spoken, sha256: patch, publishedAt: AT, verifiedAt: AT, source: root.peer }],
  },
  {
    what: 'a disproof',
    schema: Disproof.schema,
    values: [{ ...spoken, sha256: patch, publishedAt: AT, reason: 'piece 2 of 8 of its file', disprovenAt: AT }],
  },
  {
    what: 'a detection',
    schema: Detection.schema,
    values: [{ ...spoken, patch, result: 'installed', installedVersion: '1.0', reason: '', detectedAt: AT }],
  },
  {
    what: 'what was heard of an appliance',
    schema: Heard.schema,
    values: [{ to: peer, epoch: 1, counter: 812, sequence: 9, toldAt: AT }],
  },
  {
    what: 'a ledger loss',
    schema: LedgerLoss.schema,
    values: [{ ...spoken, known: 3, since: AT, heard: 812, orders: [id], noticedAt: AT }],
  },
  { what: 'a report', schema: Report.schema, values: [report] },
  { what: 'the account of an install', schema: InstallAccount.schema, values: [account] },
  { what: 'the evidence of an install', schema: EvidenceFile, values: [evidence] },
  { what: 'an acknowledgement', schema: Acknowledgement.schema, values: [{ from: peer, letters: [patch] }] },
  { what: 'a letter', schema: Letter, values: [letter] },
  {
    what: 'a control message',
    schema: ControlMessage,
    values: [
      { kind: 'greeting', greeting },
      { kind: 'letter', letter },
      {
        kind: 'progress',
        progress: {
          patch,
          state: 'transferring',
          bytes: 5,
          reason: '',
          bytesPerSecond: 9,
          wanBytes: 7,
          sources: [root.peer],
        },
      },
      { kind: 'ping' },
      { kind: 'pong', wallMs: 1_700_000_000_000 },
      { kind: 'attached', peer, greeting },
      { kind: 'held', peer, reason: 'two machines use its key' },
      { kind: 'detached', peer },
      { kind: 'enrolling', peer, request },
      { kind: 'enrollment', peer, appliance: peer, answer },
    ],
  },
  {
    what: 'a message of the pieces protocol',
    schema: PiecesMessage,
    values: [
      { kind: 'want', patch },
      { kind: 'unwant', patch },
      { kind: 'offer', patch, hashes: sha256(), have: Uint8Array.of(0x80) },
      { kind: 'have', patch, index: 3 },
      { kind: 'coming', patch },
      { kind: 'gone', patch },
      { kind: 'unreadable', patch, index: 3 },
      { kind: 'wrong', patch, index: 3 },
      { kind: 'request', patch, index: 3 },
      { kind: 'cancel', patch, index: 3 },
      { kind: 'piece', patch, index: 3, bytes: 10 },
    ],
  },
  { what: 'an enrollment request', schema: EnrollmentRequest, values: [request] },
  { what: 'an enrollment answer', schema: EnrollmentAnswer, values: [answer, refused] },
  {
    what: 'a token',
    schema: Token,
    values: [
      {
        version: 1,
        dial: [DialAddress.parse(`/ip4/10.0.0.1/tcp/4001/p2p/${root.peer}`)],
        secret: sha256(Buffer.from('secret')),
        root: root.peer,
        serviceCenter: root.peer,
      },
    ],
  },
]
