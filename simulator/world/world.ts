/**
 * A whole estate on one thread: the real cores of one Service Center, its seed and any number of appliances, in virtual
 * time, over streams and disks in memory. Nothing is left to chance but by a seed, so the same steps give the same
 * transcript. Whatever a test does to the world it does through the methods here.
 */
import type { Slot } from '../../agent/core/events.ts'
import { DEFAULT_SETTINGS } from '../../agent/core/state.ts'
import type { Command, Reply } from '../../controller/core/effects.ts'
import type { Slot as Place } from '../../controller/core/records.ts'
import { countReplications } from '../../controller/core/replications.ts'
import { assert } from '../../protocol/assert.ts'
import type { Clock } from '../../protocol/clock.ts'
import { reopen, signingKeyFromSeed } from '../../protocol/envelope.ts'
import { sha256 } from '../../protocol/hashing.ts'
import {
  ApplianceName,
  DataCenterName,
  type DialAddress,
  GroupName,
  ListenAddress,
  OrganizationName,
  type PeerId,
  type Role,
  SERVICE_PROVIDER,
  type Sha256,
  TENANT,
} from '../../protocol/identifiers.ts'
import { PROTOCOL_VERSION } from '../../protocol/messages.ts'
import { seededRandom } from '../../protocol/random.ts'
import { isRefusal, type Refusal } from '../../protocol/refusals.ts'
import { Membership, Roster } from '../../protocol/statements.ts'
import { enrollingIdentity, enrollmentProof, proofKey } from '../../protocol/token.ts'
import { SimulatedAppliance } from './simulated-appliance.ts'
import { SimulatedNetwork } from './simulated-network.ts'
import { SimulatedServiceCenter } from './simulated-service-center.ts'
import type { SymbolicPatch } from './symbolic-patch.ts'
import { Transcript } from './transcript.ts'

export const START_WALL_MS = Date.UTC(2026, 0, 1)
const TICK_MS = 500
const HOUR_MS = 3_600_000

export type PieceTaken = { from: string; to: string; patch: Sha256; index: number }

export class World {
  nowMs = 0
  /** Added to the wall clock of everybody. */
  wallOffsetMs = 0
  readonly transcript = new Transcript(() => this.nowMs)
  readonly network = new SimulatedNetwork(
    () => this.nowMs,
    (timeMs, act) => this.at(timeMs, act),
  )
  readonly center: SimulatedServiceCenter
  readonly appliances = new Map<string, SimulatedAppliance>()
  /** Each piece that an appliance took and found right, in order. */
  readonly taken: PieceTaken[] = []
  /** Checked after each event. */
  readonly invariants: (() => void)[] = []
  readonly #agenda: { timeMs: number; turn: number; act: () => void }[] = []
  #turn = 0
  #slot = 0

  constructor(seed = 1) {
    this.center = new SimulatedServiceCenter(this, seed)
    this.network.join(this.center)
    this.transcript.call(this.center.peer, 'service-center')
    this.transcript.call(this.center.signing.peer, 'service-center')
    this.center.start()
    this.#tick()
  }

  get clock(): Clock {
    return { monotonicMs: this.nowMs, wallMs: START_WALL_MS + this.wallOffsetMs + this.nowMs }
  }

  /** Enrolls and starts an appliance called `paris/primary`, or `paris/acme/primary` for one of the tenant `acme`. */
  add(name: string, { kind = name.split('/').length > 2 ? TENANT : SERVICE_PROVIDER } = {}): SimulatedAppliance {
    const [dataCenter = '', ...rest] = name.split('/')
    const number = this.appliances.size + 1
    const place: Place = {
      name: ApplianceName.parse(name),
      organization: OrganizationName.parse(rest.length > 1 ? rest[0] : 'provider'),
      dataCenter: DataCenterName.parse(dataCenter),
      kind,
      role: (rest.at(-1) === 'primary' ? 'primary' : 'secondary') satisfies Role,
      group: GroupName.parse('pair'),
    }
    const identity = signingKeyFromSeed(sha256(Buffer.from(name)))
    this.transcript.call(identity.peer, name)
    const { membership, roster, dial } = this.#enroll(place, identity.peer)
    const { signing } = this.center
    const appliance = new SimulatedAppliance(
      this,
      name,
      {
        identity,
        root: signing.peer,
        random: seededRandom(number),
        settings: DEFAULT_SETTINGS,
        membership: reopen(Membership, membership, [signing.peer]),
        dial,
      },
      reopen(Roster, roster, [signing.peer]),
      kind === SERVICE_PROVIDER ? [ListenAddress.parse(`/ip4/10.0.0.${number}/tcp/4001`)] : [],
    )
    this.appliances.set(name, appliance)
    this.network.join(appliance)
    appliance.start()
    return appliance
  }

  appliance(name: string): SimulatedAppliance {
    const found = this.appliances.get(name)
    assert(found !== undefined, `there is an appliance ${name}`)
    return found
  }

  restart(name: string): void {
    const appliance = this.appliance(name)
    if (appliance.isRunning) appliance.stop()
    this.say(name, 'starts again')
    appliance.start()
  }

  upload(patch: SymbolicPatch): Reply | Refusal {
    const { publication, hashes, pieces } = patch
    this.transcript.call(publication.sha256, publication.name)
    if (!this.center.store.held().has(publication.sha256)) this.center.store.adopt(publication.sha256, hashes, pieces)
    return this.center.carryOut({ kind: 'publish', actor: 'admin', publication, hashes })
  }

  /** Starts an install and gives its id; fails the test when it is refused. */
  install(patch: SymbolicPatch, organizations: string[], scope: { dataCenter?: string; allowOutage?: boolean } = {}) {
    const reply = this.ask({
      kind: 'start-install',
      actor: 'admin',
      patch: patch.publication.sha256,
      organizations: organizations.map((name) => OrganizationName.parse(name)),
      dataCenter: scope.dataCenter === undefined ? 'All' : DataCenterName.parse(scope.dataCenter),
      allowOutage: scope.allowOutage ?? false,
    })
    assert(!isRefusal(reply) && reply.kind === 'install-started', `the install starts: ${JSON.stringify(reply)}`)
    return reply.install
  }

  ask(command: Command): Reply | Refusal {
    return this.center.carryOut(command)
  }

  /** `2/4` for one patch. */
  replications(patch: SymbolicPatch): string {
    const { complete, total } = countReplications(this.center.state, patch.publication.sha256)
    return `${complete}/${total}`
  }

  /** Lets virtual time pass. */
  run(ms: number): void {
    this.runUntil(() => false, this.nowMs + ms)
  }

  /** Lets virtual time pass until `isSo`, or to `endMs`; whether it came to be so. */
  runUntil(isSo: () => boolean, endMs = this.nowMs + HOUR_MS): boolean {
    while (!isSo()) {
      const next = this.#agenda[0]
      if (next === undefined || next.timeMs > endMs) {
        this.nowMs = endMs
        return false
      }
      this.#agenda.shift()
      this.nowMs = Math.max(this.nowMs, next.timeMs)
      next.act()
    }
    return true
  }

  /** Waits for what must come to be; an hour of virtual time is the deadline. */
  await(what: string, isSo: () => boolean): void {
    assert(this.runUntil(isSo), `within an hour: ${what}\n${this.transcript.lines.slice(-40).join('\n')}`)
  }

  say(who: string, what: string): void {
    this.transcript.say(who, what)
  }

  at(timeMs: number, act: () => void): void {
    const entry = { timeMs, turn: this.#turn++, act }
    let place = this.#agenda.length
    while (place > 0 && (this.#agenda[place - 1]?.timeMs ?? 0) > timeMs) place--
    this.#agenda.splice(place, 0, entry)
  }

  afterEvent(): void {
    for (const check of this.invariants) check()
  }

  nextSlot(): Slot {
    return this.#slot++ as Slot
  }

  pieceTaken({ from, to, patch, index }: { from: PeerId; to: SimulatedAppliance; patch: Sha256; index: number }): void {
    const source = [this.center, ...this.appliances.values()].find(({ peer }) => peer === from)
    this.taken.push({ from: source?.name ?? '', to: to.name, patch, index })
    this.say(to.name, `takes piece ${index} of ${patch} from ${from}`)
  }

  #tick(): void {
    for (const appliance of this.appliances.values())
      if (appliance.isRunning) appliance.hear({ kind: 'tick', clock: this.clock })
    if (this.center.isRunning) this.center.tell({ kind: 'tick', clock: this.clock })
    this.at(this.nowMs + TICK_MS, () => this.#tick())
  }

  #enroll(place: Place, appliance: PeerId) {
    const secret = sha256(Buffer.from(`token of ${place.name}`))
    const enrollingPeer = enrollingIdentity(secret).peer
    const key = proofKey(secret)
    const { wallMs } = this.clock
    const row = { ...place, enrollingPeer, proofKey: key, issuedAt: wallMs, expiresAt: wallMs + HOUR_MS, usedBy: null }
    this.center.database.push({ table: 'tokens', row })
    this.center.tell({ kind: 'token-issued', token: row })
    const proof = enrollmentProof(key, this.center.peer, appliance)
    this.center.tell({
      kind: 'enrollment-requested',
      peer: enrollingPeer,
      request: { version: PROTOCOL_VERSION, appliance, proof },
    })
    const answer = this.center.enrollments.pop()
    assert(answer?.kind === 'enrolled', `${place.name} is enrolled: ${JSON.stringify(answer)}`)
    const atCenter = `/ip4/10.1.0.1/tcp/4001/p2p/${this.center.peer}` as DialAddress
    const depot = [...this.center.state.appliances.values()]
      .filter(({ kind, dataCenter }) => kind === SERVICE_PROVIDER && dataCenter === place.dataCenter)
      .flatMap(({ addresses, peer }) => addresses.map((address) => `${address}/p2p/${peer}` as DialAddress))
    return { ...answer, dial: place.kind === SERVICE_PROVIDER ? [atCenter] : depot }
  }
}
