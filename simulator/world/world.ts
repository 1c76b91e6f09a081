/**
 * A whole estate on one thread: the real cores of one Service Center, its seed and any number of appliances, in virtual
 * time, over streams and disks in memory. Nothing is left to chance but by a seed, so the same steps give the same
 * transcript. Whatever a test, a workload or a fault does to the world it does through the methods here.
 */
import type { Slot } from '../../agent/core/events.ts'
import { DEFAULT_SETTINGS, type Settings } from '../../agent/core/state.ts'
import type { Command, Reply } from '../../controller/core/effects.ts'
import type { Slot as Position } from '../../controller/core/records.ts'
import { countReplications } from '../../controller/core/replications.ts'
import { assert } from '../../protocol/assert.ts'
import {
  type ApplianceKind,
  DataCenterName,
  ListenAddress,
  OrganizationName,
  type PeerId,
  SERVICE_PROVIDER,
  type Sha256,
} from '../../protocol/identifiers.ts'
import { type Random, seededRandom } from '../../protocol/random.ts'
import { isRefusal, type Refusal } from '../../protocol/refusals.ts'
import { reopen } from '../../protocol/trust/envelope.ts'
import { Membership, type Publication, Roster } from '../../protocol/trust/statements.ts'
import { Agenda } from './agenda.ts'
import { childOf } from './child-random.ts'
import { CrashMoments } from './crash-moments.ts'
import { Disruptions } from './disruptions.ts'
import { enroll, issueToken, type Place, positionOf } from './enroll.ts'
import { SimulatedAppliance } from './simulated-appliance.ts'
import { SimulatedNetwork } from './simulated-network.ts'
import { SimulatedServiceCenter } from './simulated-service-center.ts'
import type { DiskRates } from './simulated-store-work.ts'
import type { Flaw } from './simulated-updater.ts'
import type { Host } from './streams.ts'
import type { SymbolicPatch } from './symbolic-patch.ts'
import { Transcript } from './transcript.ts'
import { VirtualClock, WallOffset } from './virtual-clock.ts'

export { START_WALL_MS } from './virtual-clock.ts'

const HOUR_MS = 3_600_000

/** What an added appliance has other than its name tells. */
export type Addition = {
  kind?: ApplianceKind
  position?: Position
  replaces?: PeerId
  site?: string
  diskBytes?: number
}

export type PieceTaken = { from: string; to: string; patch: Sha256; index: number }

export type InstallScope = { dataCenter?: string; allowOutage?: boolean; first?: readonly SymbolicPatch[] }

export type WorldOptions = {
  seed?: number
  /** Lines, effects and letters are kept for whoever looks through them. */
  keepsEverything?: boolean
  checksMessages?: boolean
  /** Of every appliance; everybody is told the time as often as these say. */
  settings?: Settings
  /** What the publishers that appliances list have signed, where they list some; everything, unless said. */
  isSigned?: (publication: Pick<Publication, 'sha256'>) => boolean
  /** Bytes that a disk writes into its cache, and reads back and hashes, in a millisecond; instantly, unless said. */
  disks?: DiskRates
  /** The site at which the Service Center stands, which must be added by `sites`. */
  prepare?: (network: SimulatedNetwork) => { serviceCenterSite: string }
}

export class World {
  nowMs = 0
  /** Added to the wall clock of everybody. */
  readonly wall = new WallOffset()
  /** Events and effects so far: what a step is. */
  steps = 0
  /** Above zero while effects are performed: what somebody hears then waits for the end of it. */
  performing = 0
  readonly keepsEverything: boolean
  readonly disks: DiskRates
  /** What is wrong with a release of the agent, by its version. */
  readonly flaws = new Map<string, Flaw>()
  readonly random: Random
  readonly transcript: Transcript
  readonly network: SimulatedNetwork
  readonly center: SimulatedServiceCenter
  readonly appliances = new Map<string, SimulatedAppliance>()
  readonly crashMoments = new CrashMoments(this.appliances)
  readonly disruptions = new Disruptions(() => this.nowMs)
  /** Each piece that an appliance took and found right, in order. */
  readonly taken: PieceTaken[] = []
  /** Checked after each event. */
  readonly invariants: (() => void)[] = []
  readonly #agenda = new Agenda()
  readonly isSigned: (publication: Pick<Publication, 'sha256'>) => boolean
  readonly #names = new Map<PeerId, string>()
  readonly #children = new Map<string, Random>()
  readonly settings: Settings
  #slot = 0

  constructor(options: number | WorldOptions = 1) {
    const {
      seed = 1,
      keepsEverything = true,
      checksMessages = true,
      disks,
      settings = DEFAULT_SETTINGS,
      isSigned = () => true,
      prepare,
    } = typeof options === 'number' ? { seed: options } : options
    this.keepsEverything = keepsEverything
    this.settings = settings
    this.isSigned = isSigned
    this.disks = disks ?? { writeBytesPerMs: Number.POSITIVE_INFINITY, proveBytesPerMs: Number.POSITIVE_INFINITY }
    this.random = seededRandom(seed)
    this.transcript = new Transcript(() => this.nowMs, keepsEverything)
    this.network = new SimulatedNetwork({
      now: () => this.nowMs,
      at: (timeMs, act) => this.at(timeMs, act),
      random: this.randomFor('network'),
      checksMessages,
    })
    const place = prepare?.(this.network)
    this.center = new SimulatedServiceCenter(this)
    this.network.join(this.center, place?.serviceCenterSite)
    this.#names.set(this.center.peer, this.center.name)
    this.transcript.call(this.center.peer, 'service-center')
    this.transcript.call(this.center.signing.peer, 'service-center')
    this.center.start()
    this.#tick(settings.tickMs)
  }

  /** The true time. */
  get clock() {
    return new VirtualClock().read(this.nowMs, this.wall)
  }

  /** The child of the world's seed with this name; the same one each time. */
  randomFor(name: string): Random {
    let child = this.#children.get(name)
    if (child === undefined) {
      child = childOf(this.random, name)
      this.#children.set(name, child)
    }
    return child
  }

  /** Enrolls and starts an appliance called `paris/primary`, or `paris/acme/primary` for one of the tenant `acme`. */
  add(name: string, options: Addition = {}): SimulatedAppliance {
    const appliance = this.tryAdd(name, options)
    assert(!('refused' in appliance), `${name} is enrolled: ${JSON.stringify(appliance)}`)
    return appliance
  }

  /** A token for a machine that is added later; or why there is none. */
  issueToken(name: string, options: Addition = {}): Refusal | null {
    return issueToken(this, name, placeOf(name, options))
  }

  /** `add`, where the Service Center may say no. */
  tryAdd(name: string, options: Addition = {}): SimulatedAppliance | Refusal {
    const place = placeOf(name, options)
    const number = this.appliances.size + 1
    const enrolled = enroll(this, name, place)
    if ('refused' in enrolled) return enrolled
    const { identity, membership, roster, dial } = enrolled
    const { signing } = this.center
    const address = `/ip4/10.${number >> 16}.${(number >> 8) & 255}.${number & 255}/tcp/4001`
    const appliance = new SimulatedAppliance(this, name, {
      options: {
        identity,
        root: signing.peer,
        random: childOf(this.random, `appliance ${name}`),
        settings: this.settings,
        membership: reopen(Membership, membership, [signing.peer]),
        dial,
      },
      roster: reopen(Roster, roster, [signing.peer]),
      addresses: place.position.kind === SERVICE_PROVIDER ? [ListenAddress.parse(address)] : [],
      diskBytes: options.diskBytes,
    })
    this.appliances.set(name, appliance)
    this.#names.set(appliance.peer, name)
    this.network.join(appliance, options.site)
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

  /** Uploads a patch; fails when there is no answer. */
  upload(patch: SymbolicPatch): Reply | Refusal {
    const reply = this.tryUpload(patch)
    assert(reply !== null, 'the upload is answered')
    return reply
  }

  /** Uploads a patch; null when the Service Center went away before it answered. */
  tryUpload(patch: SymbolicPatch): Reply | Refusal | null {
    this.transcript.call(patch.publication.sha256, patch.publication.name)
    return this.center.receive(patch)
  }

  /** Gives its id; fails when it is refused. */
  install(patch: SymbolicPatch, organizations: string[], scope: InstallScope = {}) {
    const reply = this.ask({
      ...{ kind: 'start-install', actor: 'admin', patch: patch.publication.sha256 },
      organizations: organizations.map((name) => OrganizationName.parse(name)),
      dataCenter: scope.dataCenter === undefined ? 'All' : DataCenterName.parse(scope.dataCenter),
      ...{ allowOutage: scope.allowOutage ?? false, first: scope.first?.map(({ publication }) => publication.sha256) },
    })
    assert(!isRefusal(reply) && reply.kind === 'install-started', `the install starts: ${JSON.stringify(reply)}`)
    return reply.install
  }

  ask(command: Command): Reply | Refusal {
    return this.center.carryOut(command)
  }

  /** `ask`, with null when the Service Center is away or went away before it answered. */
  tryAsk(command: Command): Reply | Refusal | null {
    return this.center.request(command)
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
      const nextMs = this.#agenda.nextMs
      const next = nextMs === null || nextMs > endMs ? undefined : this.#agenda.take()
      if (next === undefined) {
        this.nowMs = Math.max(this.nowMs, endMs)
        return false
      }
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
    this.#agenda.enter(timeMs, act)
  }

  afterEvent(): void {
    this.steps += 1
    for (const check of this.invariants) check()
  }

  nextSlot(): Slot {
    return this.#slot++ as Slot
  }

  pieceTaken({ from, to, patch, index }: { from: PeerId; to: Host; patch: Sha256; index: number }): void {
    if (!this.keepsEverything) return
    this.taken.push({ from: this.#names.get(from) ?? '', to: to.name, patch, index })
    this.say(to.name, `takes piece ${index} of ${patch} from ${from}`)
  }

  #tick(everyMs: number): void {
    for (const appliance of this.appliances.values()) appliance.tick()
    this.center.tick()
    this.at(this.nowMs + everyMs, () => this.#tick(everyMs))
  }
}

function placeOf(name: string, { position, kind, replaces }: Addition): Place {
  return { position: position ?? positionOf(name, kind), replaces: replaces ?? null }
}
