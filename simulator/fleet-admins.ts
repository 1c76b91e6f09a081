/**
 * Those who see to the fleet of a world: they enroll its appliances, and then retire, rename and replace some and let new
 * ones join. What they were told, and which machine stands where by now, is evidence.
 */
import { ApplianceName, SERVICE_PROVIDER } from '../protocol/identifiers.ts'
import { isRefusal } from '../protocol/refusals.ts'
import { again, askFor, whenCenterRuns } from './asking.ts'
import { dataCenterOf, type Evidence, isTenant } from './checkers/evidence.ts'
import { hasLastGoodCopy } from './checkers/good-copies.ts'
import type { PlaceChange } from './place-changes.ts'
import type { Estate } from './workload.ts'
import { positionOf } from './world/enroll.ts'
import type { SimulatedAppliance } from './world/simulated-appliance.ts'
import type { Addition, World } from './world/world.ts'

const REBOOT_MS = 8_000

type ChangeOf<Kind extends PlaceChange['kind']> = Extract<PlaceChange, { kind: Kind }>

export class FleetAdmins {
  /** Appliances that have not joined yet, and changes that were not answered. */
  undone = 0
  /** What was really changed. */
  readonly counts = new Map<PlaceChange['kind'], number>()
  readonly #world: World
  readonly #evidence: Evidence
  /** Of all machines that there are, or shall be. */
  #names = new Set<string>()

  constructor(evidence: Evidence) {
    this.#world = evidence.world
    this.#evidence = evidence
  }

  begin({ appliances, late }: Estate): void {
    const isLate = (name: string): boolean => dataCenterOf(name) === late?.dataCenter
    this.undone += appliances.length
    this.#names = new Set(appliances)
    for (const name of appliances) this.#whenPossible(name, isLate(name) ? (late?.atMs ?? 0) : 0)
  }

  change(changes: readonly PlaceChange[]): void {
    this.undone += changes.length
    for (const change of changes) whenCenterRuns(this.#world, change.atMs, () => this.#carryOut(change))
  }

  /** A tenant's token names the depot, so its depot is there first. */
  #whenPossible(name: string, atMs: number): void {
    const look = (): void => {
      if (!isTenant(name) || this.#hasDepot(dataCenterOf(name))) this.#join(name, name)
      else again(this.#world, look)
    }
    whenCenterRuns(this.#world, atMs, look)
  }

  #hasDepot(site: string): boolean {
    return [...this.#world.center.state.appliances.values()].some(
      ({ dataCenter, kind, addresses }) => dataCenter === site && kind === SERVICE_PROVIDER && addresses.length > 0,
    )
  }

  #carryOut(change: PlaceChange): void {
    switch (change.kind) {
      case 'retire':
        this.#retire(change)
        break
      case 'rename':
        this.#rename(change)
        break
      default:
        this.#bring(change)
    }
  }

  /** At once, with a machine that stands there already. */
  replace(who: SimulatedAppliance): SimulatedAppliance | null {
    const place = this.#evidence.placeOf(who)
    this.undone += 1
    this.#excuse(who)
    return this.#join(this.#freshName(place), place, { position: positionOf(place), replaces: who.peer })
  }

  #retire({ place, admin, lastMember, isSwitchedOff }: ChangeOf<'retire'>): void {
    const who = this.#evidence.standsAt(place)
    if (who === undefined || hasLastGoodCopy(this.#evidence, who)) {
      this.undone -= 1
      return
    }
    this.#excuse(who)
    const command = { kind: 'retire-appliance', actor: admin, appliance: who.peer, lastMember } as const
    askFor(this.#evidence, command, (reply) => {
      this.undone -= 1
      if (isRefusal(reply)) return
      this.#count('retire')
      this.#evidence.told.retired.add(who.peer)
      if (isSwitchedOff && who.isRunning) who.stop()
    })
  }

  #rename({ place, admin, to }: ChangeOf<'rename'>): void {
    const who = this.#evidence.standsAt(place)
    if (who === undefined) {
      this.undone -= 1
      return
    }
    const name = ApplianceName.parse(to)
    askFor(this.#evidence, { kind: 'rename-appliance', actor: admin, appliance: who.peer, name }, (reply) => {
      this.undone -= 1
      if (!isRefusal(reply)) this.#count('rename')
    })
  }

  /** A new machine gets a token, and uses it when it has been carried there; by then it may be void. */
  #bring(change: ChangeOf<'replace' | 'join'>): void {
    const { place } = change
    const former = change.kind === 'replace' ? this.#evidence.standsAt(place) : undefined
    const name = this.#freshName(place)
    const options: Addition = {
      position: positionOf(place),
      ...(former === undefined ? {} : { replaces: former.peer }),
    }
    const isRefused =
      (change.kind === 'replace') !== (former !== undefined) ||
      this.#atTheMachine(() => this.#world.issueToken(name, options)) !== null
    if (isRefused) {
      this.undone -= 1
      return
    }
    this.#world.say(name, `gets a token for ${place}`)
    if (change.kind === 'replace' && change.isBroken && former?.isRunning === true) former.losePower()
    whenCenterRuns(this.#world, this.#world.nowMs + change.carriedMs, () => {
      if (former !== undefined && hasLastGoodCopy(this.#evidence, former)) {
        this.undone -= 1
        return
      }
      if (former !== undefined) this.#excuse(former)
      const successor = this.#join(name, place, options)
      if (successor !== null) this.#count(change.kind)
      if (successor !== null && change.kind === 'replace' && change.isSwitchedOff && former?.isRunning === true)
        former.stop()
    })
  }

  /** What only a machine that leaves its depot had received crosses the WAN once more. */
  #excuse({ name }: SimulatedAppliance): void {
    if (!isTenant(name)) this.#evidence.excused.add(dataCenterOf(name))
  }

  /** Enrolling is an admin's work at the machine, which is done in one go. */
  #join(name: string, place: string, options: Addition = {}): SimulatedAppliance | null {
    const site = dataCenterOf(name)
    const placed = this.#world.network.sites.has(site) ? { ...options, site } : options
    const appliance = this.#atTheMachine(() => this.#world.tryAdd(name, placed))
    this.undone -= 1
    if ('refused' in appliance) {
      this.#world.say(name, `is not enrolled: ${appliance.message}`)
      return null
    }
    // Some wait for a person who restarts them.
    appliance.installer.rebootMs = name.length % 4 === 0 ? null : REBOOT_MS
    this.#evidence.appliances.set(appliance.peer, appliance)
    this.#evidence.stands(appliance, place)
    return appliance
  }

  #count(kind: PlaceChange['kind']): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
  }

  #atTheMachine<Result>(work: () => Result): Result {
    const { center } = this.#world
    const { crashPoint } = center
    center.crashPoint = null
    const result = work()
    center.crashPoint = crashPoint
    return result
  }

  /** The first machine of a place is called like it. */
  #freshName(place: string): string {
    let name = place
    for (let number = 2; this.#names.has(name); number++) name = `${place}-${number}`
    this.#names.add(name)
    return name
  }
}
