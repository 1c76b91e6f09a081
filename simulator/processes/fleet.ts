/**
 * A topology as real processes on this machine: one Service Center, one agent an appliance, all on loopback or each
 * where `Places` says, with data folders of their own under one temporary folder, which goes when the fleet stops.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ServiceCenterClient } from '../../controller/cli/service-center-client.ts'
import type { Slot } from '../../controller/core/records.ts'
import type { ApplianceView } from '../../controller/core/views.ts'
import { makeAccess } from '../../controller/shell/access.ts'
import { issueToken } from '../../controller/shell/issue-token.ts'
import type { KeptAuthority } from '../../controller/shell/keys.ts'
import { openData } from '../../controller/shell/open-data.ts'
import type { Repository } from '../../controller/shell/ports.ts'
import { slotOf } from '../../controller/topology/topology.ts'
import { SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import { Daemon } from './daemon.ts'
import { PATIENCE_MS } from './patience.ts'
import { LOOPBACK, type Places } from './place.ts'
import { FOLDER_PREFIX, OWN_MARK } from './run-mark.ts'

type FleetParts = {
  folder: string
  places: Places
  url: string
  apiToken: string
  repository: Repository
  authority: KeptAuthority
  controllerOptions: readonly string[]
}
/** Starting so many at once makes none of them late, on two cores. */
const STARTED_AT_ONCE = 16

export class Fleet {
  readonly folder: string
  readonly url: string
  readonly api: ServiceCenterClient
  readonly #places: Places
  readonly #repository: Repository
  readonly #authority: KeptAuthority
  readonly #apiToken: string
  #meshAddress = ''
  readonly #controllerOptions: readonly string[]
  readonly #daemons = new Map<string, Daemon>()

  private constructor({ folder, places, url, apiToken, repository, authority, controllerOptions }: FleetParts) {
    this.folder = folder
    this.#places = places
    this.url = url
    this.api = new ServiceCenterClient({ server: url, apiToken })
    this.#repository = repository
    this.#authority = authority
    this.#apiToken = apiToken
    this.#controllerOptions = controllerOptions
  }

  /**
   * Starts the Service Center, with `controllerOptions` more; appliances are added after. `prepare` gets the fleet's
   * folder before anything starts.
   */
  static async start(
    prepare: (folder: string) => Promise<void> = async () => {},
    places: Places = LOOPBACK,
    controllerOptions: readonly string[] = [],
  ): Promise<Fleet> {
    const folder = await mkdtemp(join(tmpdir(), `${FOLDER_PREFIX}${OWN_MARK}-`))
    let daemon: Daemon | undefined
    try {
      await prepare(folder)
      const data = join(folder, 'service-center')
      const { http, listen } = places.serviceCenter
      daemon = startController(folder, places, ['--http', http, '--mesh', listen, ...controllerOptions])
      const ready = await daemon.ready()
      const { authority, repository } = await openData(data)
      const apiToken = await makeAccess(repository, { kind: 'api-token', name: 'demo' })
      const url = ready.get('http') ?? ''
      const fleet = new Fleet({ folder, places, url, apiToken, repository, authority, controllerOptions })
      fleet.#daemons.set('', daemon)
      fleet.#meshAddress = (ready.get('mesh') ?? '').replace(/\/p2p\/.*/, '')
      return fleet
    } catch (error) {
      await daemon?.stop()
      await rm(folder, { recursive: true, force: true })
      throw error
    }
  }

  get serviceCenter(): Daemon {
    return this.daemon('')
  }

  /** For requests that a test makes by itself. */
  get authorization(): string {
    return `Bearer ${this.#apiToken}`
  }

  /** Where it listens for appliances, without its peer id. */
  get meshAddress(): string {
    return this.#meshAddress
  }

  /** After it was stopped or killed: the same data, at the same addresses. */
  async restartServiceCenter(): Promise<void> {
    await this.serviceCenter.stop()
    const where = ['--http', new URL(this.url).host, '--mesh', this.#meshAddress]
    const daemon = startController(this.folder, this.#places, [...where, ...this.#controllerOptions])
    this.#daemons.set('', daemon)
    await daemon.ready()
  }

  daemon(name: string): Daemon {
    const daemon = this.#daemons.get(name)
    if (daemon === undefined) throw new Error(`the fleet has no ${name}`)
    return daemon
  }

  /** Names of appliances may hold what names of folders may not. */
  folderOf(name: string): string {
    return join(
      this.folder,
      name.replaceAll(/[/%]|^\.+$/g, (part) => `%${Buffer.from(part).toString('hex')}`),
    )
  }

  /** Makes a token for the appliance. */
  async token(slot: Slot): Promise<string> {
    return (await issueToken({ repository: this.#repository, authority: this.#authority }, slotOf(slot))).token
  }

  /** Makes a token for the appliance and starts its agent, with `more` options; resolves when it is a member. */
  async add(slot: Slot, more: readonly string[] = []): Promise<void> {
    const token = await this.token(slot)
    await mkdir(join(this.folderOf(slot.name), 'root'), { recursive: true })
    await this.startAgent(slot.name, ['--token', token, ...more])
  }

  /** Starts the agent of an appliance; without a token it must be a member already. */
  async startAgent(name: string, more: readonly string[] = []): Promise<void> {
    const data = this.folderOf(name)
    const { enter, listen } = this.#places.of(name)
    const args = ['agent', '--data', data, '--install-root', join(data, 'root'), '--listen', listen, ...more]
    const daemon = Daemon.start({ name, args, logFile: `${data}.log`, enter })
    this.#daemons.set(name, daemon)
    await daemon.ready()
  }

  /** The Service Provider appliances first: tenant appliances connect through them. */
  async addAll(slots: readonly Slot[], onReady: (slot: Slot) => void = () => {}): Promise<void> {
    const add = async (slot: Slot): Promise<void> => {
      await this.add(slot)
      onReady(slot)
    }
    const depots = slots.filter(({ kind }) => kind === SERVICE_PROVIDER)
    const others = slots.filter(({ kind }) => kind !== SERVICE_PROVIDER)
    await inBatches(depots, add)
    await this.reachable(depots.map(({ name }) => name))
    await inBatches(others, add)
    await this.reachable(others.map(({ name }) => name))
  }

  /** Resolves when the Service Center sees all of them. */
  async reachable(names: readonly string[]): Promise<ApplianceView[]> {
    return this.until(
      'every appliance is connected',
      () => this.api.appliances(),
      (all) => names.every((name) => all.find((appliance) => appliance.name === name)?.reachable === true),
    )
  }

  /** Asks again and again until the answer is good enough; rejects after a deadline with the last answer. */
  async until<Answer>(
    what: string,
    ask: () => Promise<Answer>,
    good: (answer: Answer) => boolean,
    withinMs = PATIENCE_MS,
  ): Promise<Answer> {
    const deadline = performance.now() + withinMs
    for (;;) {
      const answer = await ask()
      if (good(answer)) return answer
      if (performance.now() > deadline)
        throw new Error(`waited ${withinMs / 1000} s until ${what}; last seen: ${JSON.stringify(answer)}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** Makes a sign-in link for a person. */
  async signInLink(): Promise<string> {
    return `${this.url}/sign-in?link=${await makeAccess(this.#repository, { kind: 'sign-in-link', name: 'demo admin' })}`
  }

  /** Stops every process and removes every file. */
  async stop(): Promise<void> {
    await Promise.all([...this.#daemons.values()].map((daemon) => daemon.stop()))
    await this.#repository.close()
    await rm(this.folder, { recursive: true, force: true })
  }
}

function startController(folder: string, { serviceCenter }: Places, more: readonly string[]): Daemon {
  const announce = serviceCenter.announce === undefined ? [] : ['--announce', serviceCenter.announce]
  const args = ['controller', '--data', join(folder, 'service-center'), ...announce, ...more]
  const logFile = join(folder, 'service-center.log')
  return Daemon.start({ name: 'the Service Center', args, logFile, enter: serviceCenter.enter })
}

async function inBatches(slots: readonly Slot[], add: (slot: Slot) => Promise<void>): Promise<void> {
  for (let first = 0; first < slots.length; first += STARTED_AT_ONCE)
    await Promise.all(slots.slice(first, first + STARTED_AT_ONCE).map(add))
}
