/**
 * A topology's network as Linux network namespaces on this machine:
 *
 *     sc --- wan --- site N (gateway and LAN bridge) --- each appliance of the Data Center
 *
 * Every link is a pair of veth devices whose two ends lie in two namespaces, so nothing of the machine's own network
 * changes, and a link goes when one of its namespaces does. A direction of a link is shaped where it is sent, by tbf:
 * up at the site, down at the WAN router. Delay and loss would need netem, which not every kernel has; see
 * `whyNotIsolated`.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { DataCenterName } from '../../protocol/identifiers.ts'
import type { Place, Places } from '../processes/place.ts'
import { OWN_MARK } from '../processes/run-mark.ts'
import type { Topology, TopologyDataCenter } from '../topology.ts'
import { runTool } from './run-tool.ts'

const DOOR = fileURLToPath(new URL('./door.ts', import.meta.url))
const MESH_PORT = 4001
/** From this on a LAN is left unshaped: no software shaper keeps up with it, and no patch needs it. */
const UNSHAPED_BITS_PER_SECOND = 10e9
/** A burst is 5 ms of the rate, and at least what the kernel hands over in one piece; a queue is 50 ms of it. */
const BURST_SECONDS = 0.005
const LEAST_BURST_BYTES = 16 * 1024
const QUEUE_SECONDS = 0.05
const LEAST_QUEUE_BYTES = 64 * 1024
/** Small enough that a full-size piece of the kernel's fits into the least burst. */
const SEGMENTS_AT_ONCE = 8

const WAN = namespaceOf('wan')
const SERVICE_CENTER = namespaceOf('sc')

/** Why a topology cannot be built this way, or null. */
export async function whyNotIsolated({ serviceCenter, dataCenters }: Topology): Promise<string | null> {
  if (process.platform !== 'linux') return '--isolate needs the network namespaces of Linux'
  if (process.getuid?.() !== 0) return '--isolate needs root, to make network namespaces'
  const links = [
    { who: 'the Service Center', link: serviceCenter },
    ...dataCenters.map(({ name, wan }) => ({ who: name, link: wan })),
  ]
  for (const { who, link } of links) {
    const field =
      link.latencyMs > 0
        ? `latency of ${link.latencyMs} ms`
        : link.lossRatio > 0
          ? `loss of ${Number((link.lossRatio * 100).toPrecision(6))} %`
          : ''
    if (field === '') continue
    return `the link of ${who} has a ${field}, and delay and loss need the netem queue, which --isolate does without since not every kernel has it: leave it out, or simulate in virtual time`
  }
  for (const tool of ['ip', 'tc']) {
    try {
      await runTool(tool, ['-Version'])
    } catch (error) {
      return `--isolate needs the command ${tool} (${(error as Error).message}): install the Debian package iproute2`
    }
  }
  return null
}

export class IsolatedNetwork {
  readonly #topology: Topology
  readonly #sites: ReadonlyMap<DataCenterName, JoinedSite>
  readonly #places = new Map<string, Place>()
  #closeDoor: () => void = () => {}
  #httpPort = 0

  private constructor(topology: Topology) {
    this.#topology = topology
    const sites = topology.dataCenters.map((dataCenter, index) => siteOf(dataCenter, index + 1))
    this.#sites = new Map(sites.map((site) => [site.dataCenter.name, site]))
  }

  /** Rejects where the machine cannot do it; what was made by then goes when the run is swept. */
  static async make(topology: Topology): Promise<IsolatedNetwork> {
    const network = new IsolatedNetwork(topology)
    await checkNamespaces()
    await checkShaper()
    await network.#makeServiceCenter()
    for (const site of network.#sites.values()) await network.#makeSite(site)
    await network.#openDoor()
    return network
  }

  get places(): Places {
    return {
      serviceCenter: {
        enter: enter(SERVICE_CENTER),
        listen: `/ip4/${wanAddresses(0).far}/tcp/${MESH_PORT}`,
        http: `127.0.0.1:${this.#httpPort}`,
      },
      of: (appliance) => {
        const place = this.#places.get(appliance)
        if (place === undefined) throw new Error(`the network has no place for ${appliance}`)
        return place
      },
    }
  }

  /** Bytes on the wire that were let through into each Data Center so far, headers included. */
  async wanBytesIn(): Promise<ReadonlyMap<DataCenterName, number>> {
    const shapers: { kind: string; dev: string; bytes: number }[] = JSON.parse(
      await runTool('tc', ['-n', WAN, '-s', '-j', 'qdisc', 'show']),
    )
    const through = new Map(shapers.filter(({ kind }) => kind === 'tbf').map(({ dev, bytes }) => [dev, bytes]))
    return new Map(Array.from(this.#sites, ([name, { device }]) => [name, through.get(device) ?? 0]))
  }

  /** A Data Center, or null for the Service Center. */
  async cut(dataCenter: DataCenterName | null): Promise<void> {
    await inside(WAN, [`link set ${dataCenter === null ? 'sc' : this.#site(dataCenter).device} down`])
  }

  async join(dataCenter: DataCenterName | null): Promise<void> {
    if (dataCenter === null) return inside(WAN, ['link set sc up'])
    const site = this.#site(dataCenter)
    // The route to the LAN went with the link, and does not come back by itself.
    await inside(WAN, [`link set ${site.device} up`, `route replace ${site.lan}.0/24 via ${site.addresses.far}`])
  }

  /** The namespaces are removed by the sweep of the run. */
  close(): void {
    this.#closeDoor()
  }

  #site(dataCenter: DataCenterName): JoinedSite {
    const site = this.#sites.get(dataCenter)
    if (site === undefined) throw new Error(`the network has no Data Center ${dataCenter}`)
    return site
  }

  async #makeServiceCenter(): Promise<void> {
    const { near, far } = wanAddresses(0)
    await makeNamespace(SERVICE_CENTER, 'host')
    await inside(SERVICE_CENTER, [
      `link add wan type veth peer name sc netns ${WAN}`,
      `address add ${far}/31 dev wan`,
      'link set wan up',
    ])
    await inside(WAN, [`address add ${near}/31 dev sc`, 'link set sc up'])
    await inside(SERVICE_CENTER, [`route add default via ${near}`])
    await shape(SERVICE_CENTER, 'wan', this.#topology.serviceCenter.upBitsPerSecond)
    await shape(WAN, 'sc', this.#topology.serviceCenter.downBitsPerSecond)
  }

  async #makeSite({ dataCenter, namespace, device, addresses, lan }: JoinedSite): Promise<void> {
    await makeNamespace(namespace, 'router')
    await inside(namespace, [
      `link add wan type veth peer name ${device} netns ${WAN}`,
      `address add ${addresses.far}/31 dev wan`,
      'link set wan up',
      'link add lan type bridge',
      `address add ${lan}.1/24 dev lan`,
      'link set lan up',
    ])
    await inside(WAN, [
      `address add ${addresses.near}/31 dev ${device}`,
      `link set ${device} up`,
      `route add ${lan}.0/24 via ${addresses.far}`,
    ])
    await inside(namespace, [`route add default via ${addresses.near}`])
    await shape(namespace, 'wan', dataCenter.wan.upBitsPerSecond)
    await shape(WAN, device, dataCenter.wan.downBitsPerSecond)
    const here = this.#topology.appliances.filter((appliance) => appliance.dataCenter === dataCenter.name)
    for (const [index, { name }] of here.entries()) await this.#makeAppliance(name, index + 1, namespace, lan)
  }

  async #makeAppliance(name: string, number: number, site: string, lan: string): Promise<void> {
    const host = `${site}-${number}`
    const port = `port${number}`
    const address = `${lan}.${number + 9}`
    await makeNamespace(host, 'host')
    await inside(host, [
      `link add lan type veth peer name ${port} netns ${site}`,
      `address add ${address}/24 dev lan`,
      'link set lan up',
    ])
    await inside(site, [`link set ${port} master lan`, `link set ${port} up`])
    await inside(host, [`route add default via ${lan}.1`])
    const rate = this.#topology.lanBitsPerSecond
    if (rate < UNSHAPED_BITS_PER_SECOND) {
      await shape(host, 'lan', rate)
      await shape(site, port, rate)
    } else await cutSmall(host, 'lan')
    this.#places.set(name, { enter: enter(host), listen: `/ip4/${address}/tcp/${MESH_PORT}` })
  }

  /** The page of the Service Center on the same port of this machine's loopback as inside its namespace. */
  async #openDoor(): Promise<void> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('a TCP socket has a port')
    this.#httpPort = address.port
    const [command = 'ip', ...words] = enter(SERVICE_CENTER)
    const door = fork(DOOR, [String(address.port)], {
      execPath: command,
      execArgv: [...words, process.execPath],
      stdio: 'ignore',
    })
    this.#closeDoor = () => door.kill('SIGKILL')
    const opened = Promise.race([
      once(door, 'message'),
      once(door, 'exit').then(() => Promise.reject(new Error('the door to the Service Center ended'))),
    ])
    door.send('server', server)
    await opened
    server.close()
  }
}

type JoinedSite = {
  readonly dataCenter: TopologyDataCenter
  readonly namespace: string
  /** At the WAN router. */
  readonly device: string
  readonly addresses: { near: string; far: string }
  /** The first three numbers of the LAN's addresses. */
  readonly lan: string
}

function siteOf(dataCenter: TopologyDataCenter, number: number): JoinedSite {
  return {
    dataCenter,
    namespace: namespaceOf(`site${number}`),
    device: `site${number}`,
    addresses: wanAddresses(number),
    lan: `10.${64 + (number >> 8)}.${number & 255}`,
  }
}

/** The two ends of WAN link `number`: near is the router's. Shared address space (RFC 6598). */
function wanAddresses(number: number): { near: string; far: string } {
  const end = (offset: number): string => `100.64.${(2 * number + offset) >> 8}.${(2 * number + offset) & 255}`
  return { near: end(0), far: end(1) }
}

function namespaceOf(name: string): string {
  return `${OWN_MARK}-${name}`
}

function enter(namespace: string): string[] {
  return ['ip', 'netns', 'exec', namespace]
}

async function makeNamespace(name: string, what: 'host' | 'router'): Promise<void> {
  await runTool('ip', ['netns', 'add', name])
  await inside(name, ['link set lo up'])
  // Reno is in every kernel; what a machine is set to otherwise would make each one's runs different.
  const setting = what === 'router' ? 'net.ipv4.ip_forward=1' : 'net.ipv4.tcp_congestion_control=reno'
  const [command = 'ip', ...words] = enter(name)
  await runTool(command, [...words, 'sysctl', '-q', '-w', setting])
}

async function inside(namespace: string, lines: readonly string[]): Promise<void> {
  await runTool('ip', ['-n', namespace, '-batch', '-'], `${lines.join('\n')}\n`)
}

async function shape(namespace: string, device: string, bitsPerSecond: number): Promise<void> {
  await cutSmall(namespace, device)
  await runTool('tc', ['-n', namespace, 'qdisc', 'replace', 'dev', device, 'root', ...shaper(bitsPerSecond)])
}

/** Handing over 64 KiB at once would make a slow link stand still and then jump. */
async function cutSmall(namespace: string, device: string): Promise<void> {
  await inside(namespace, [`link set dev ${device} gso_max_segs ${SEGMENTS_AT_ONCE}`])
}

function shaper(bitsPerSecond: number): string[] {
  const bytesPerSecond = bitsPerSecond / 8
  const burst = Math.max(LEAST_BURST_BYTES, Math.round(bytesPerSecond * BURST_SECONDS))
  const queue = Math.max(LEAST_QUEUE_BYTES, Math.round(bytesPerSecond * QUEUE_SECONDS))
  return ['tbf', 'rate', `${Math.round(bitsPerSecond)}bit`, 'burst', String(burst), 'limit', String(queue)]
}

async function checkNamespaces(): Promise<void> {
  try {
    await makeNamespace(WAN, 'router')
  } catch (error) {
    throw new Error(
      `no network namespace can be made here, which --isolate needs: leave the container, or make it a privileged one (${(error as Error).message})`,
      { cause: error },
    )
  }
}

async function checkShaper(): Promise<void> {
  try {
    await runTool('tc', ['-n', WAN, 'qdisc', 'add', 'dev', 'lo', 'root', ...shaper(1e6)])
    await runTool('tc', ['-n', WAN, 'qdisc', 'delete', 'dev', 'lo', 'root'])
  } catch (error) {
    throw new Error(`this kernel cannot shape links with tbf, which --isolate needs: ${(error as Error).message}`, {
      cause: error,
    })
  }
}
