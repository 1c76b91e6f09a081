/**
 * Lets a plan of faults happen to a running fleet, each at its moment. What has not happened when the timeline ends does
 * not happen; what has happened is made good first: links are there again, and killed appliances have started.
 */
import type { ApplianceName } from '../../protocol/identifiers.ts'
import type { Fleet } from '../processes/fleet.ts'
import { type FaultCounts, type Site, siteName, type TopologyFault } from '../topology-faults.ts'
import type { Say } from './follow-patch.ts'
import type { IsolatedNetwork } from './isolated-network.ts'

export class FaultTimeline {
  readonly #fleet: Fleet
  readonly #network: IsolatedNetwork | null
  readonly #say: Say
  readonly #timers = new Set<NodeJS.Timeout>()
  /** How many faults keep the link down now. */
  readonly #cuts = new Map<Site, number>()
  /** Links change one after the other, and appliances start one after the other, beside them. */
  #links: Promise<void> = Promise.resolve()
  #restarts: Promise<void> = Promise.resolve()
  #wentWrong: unknown = null
  readonly happened: FaultCounts = { kills: 0, linkDowns: 0 }

  constructor({ fleet, network, say }: { fleet: Fleet; network: IsolatedNetwork | null; say: Say }) {
    this.#fleet = fleet
    this.#network = network
    this.#say = say
  }

  /** Moments count from now. */
  begin(faults: readonly TopologyFault[]): void {
    for (const fault of faults) {
      this.#at(fault.atMs, () => {
        if (fault.kind === 'kill') this.#restarts = this.#next(this.#restarts, () => this.#kill(fault.appliance))
        else this.#links = this.#next(this.#links, () => this.#cut(fault.site, fault.forMs))
      })
    }
  }

  /** Rejects with what went wrong while faults were made or made good. */
  async end(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#timers.clear()
    await Promise.all([this.#links, this.#restarts])
    for (const timer of this.#timers) clearTimeout(timer)
    if (this.#wentWrong !== null) throw this.#wentWrong
    for (const site of this.#cuts.keys()) await this.#network?.join(site)
    this.#cuts.clear()
  }

  #at(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      act()
    }, ms)
    this.#timers.add(timer)
  }

  /** After what was begun before, unless something went wrong: that is kept for `end`, which throws it. */
  async #next(before: Promise<void>, act: () => Promise<void>): Promise<void> {
    await before
    if (this.#wentWrong !== null) return
    try {
      await act()
    } catch (error) {
      this.#wentWrong = error
    }
  }

  async #kill(appliance: ApplianceName): Promise<void> {
    this.#say(`fault: ${appliance} is killed and started again`)
    this.happened.kills += 1
    const daemon = this.#fleet.daemon(appliance)
    daemon.kill('SIGKILL')
    await daemon.stop()
    await this.#fleet.startAgent(appliance)
  }

  async #cut(site: Site, forMs: number): Promise<void> {
    this.#say(`fault: the WAN link of ${siteName(site)} is down for ${(forMs / 1000).toFixed(1)} s`)
    this.happened.linkDowns += 1
    this.#cuts.set(site, (this.#cuts.get(site) ?? 0) + 1)
    await this.#network?.cut(site)
    this.#at(forMs, () => {
      this.#links = this.#next(this.#links, () => this.#mend(site))
    })
  }

  async #mend(site: Site): Promise<void> {
    const cuts = (this.#cuts.get(site) ?? 1) - 1
    if (cuts > 0) {
      this.#cuts.set(site, cuts)
      return
    }
    this.#cuts.delete(site)
    await this.#network?.join(site)
    this.#say(`the WAN link of ${siteName(site)} is up again`)
  }
}
