/**
 * A topology as real processes, on loopback or each in a network namespace of its own: from nothing to a patch on every
 * Service Provider appliance, and installed if that is wanted, with a line for each step. What has come true is kept as
 * it comes, so that there is something to report after a failure too. Nothing stays on the machine, however it ends.
 */
import type { PatchDetail } from '../../controller/core/patch-views.ts'
import type { ApplianceView, InstallDetail } from '../../controller/core/views.ts'
import type { DataCenterName } from '../../protocol/identifiers.ts'
import { Fleet } from '../processes/fleet.ts'
import type { Topology } from '../topology.ts'
import type { FaultCounts, TopologyFault } from '../topology-faults.ts'
import { FaultTimeline } from './fault-timeline.ts'
import { followReplication, installEverywhere, type Say, secondsSince } from './follow-patch.ts'
import { guardRun, Interrupted } from './guard-run.ts'
import { IsolatedNetwork } from './isolated-network.ts'
import { neverSilent } from './never-silent.ts'
import { wayBack } from './way-back.ts'

export type RealJob = {
  readonly topology: Topology
  readonly isolate: boolean
  readonly faults: readonly TopologyFault[]
  readonly install: boolean
  readonly allowOutage: boolean
  /** Stay up when all is done, until a signal comes. */
  readonly keep: boolean
  /** Makes the patch in this folder, or says where it is. */
  readonly patchIn: (folder: string) => Promise<string>
}

export type RealOutcome = {
  url: string
  appliances: ApplianceView[]
  patch: PatchDetail | null
  /** From the end of the upload to the last copy. */
  makespanMs: number | null
  /** When the last member of a Data Center was counted, from the end of the upload. */
  completeMs: Map<string, number>
  /** On the wire, for the patch; null where nothing counts them. */
  wanBytesIn: ReadonlyMap<DataCenterName, number> | null
  faults: FaultCounts
  install: InstallDetail | null
}

type Running = { fleet?: Fleet; network?: IsolatedNetwork }

const TOLD_AT_ONCE = 8

/** The exit status. `report` is called once, when the job is done or has failed, before everything is stopped. */
export async function runForReal(job: RealJob, report: (outcome: RealOutcome) => void): Promise<number> {
  const outcome = nothingYet()
  const guard = guardRun()
  const running: Running = {}
  const watched = neverSilent(say)
  let status = 0
  try {
    await guard.interruptible(work(job, running, outcome, watched.say))
    watched.stop()
    report(outcome)
    if (job.keep && running.fleet !== undefined) {
      say(wayBack({ link: await running.fleet.signInLink(), data: running.fleet.folderOf('service-center') }))
      await guard.interrupted
    }
  } catch (error) {
    if (error instanceof Interrupted) {
      status = error.status
      say(error.message)
    } else {
      status = 1
      say(`failed: ${error instanceof Error ? error.message : String(error)}`)
    }
    report(outcome)
  } finally {
    watched.stop()
    say('stopping')
    await running.fleet?.stop()
    running.network?.close()
    for (const left of await guard.end()) say(left)
  }
  return status
}

async function work(job: RealJob, running: Running, outcome: RealOutcome, say: Say): Promise<void> {
  const { topology, isolate, install, allowOutage } = job
  const network = await startFleet(topology, isolate, { running, say })
  const { fleet } = running
  if (fleet === undefined) throw new Error('the fleet has not started')
  outcome.url = fleet.url
  outcome.appliances = await fleet.api.appliances()

  const file = await job.patchIn(fleet.folder)
  const before = (await network?.wanBytesIn()) ?? null
  say('uploading the patch')
  const { id, name, version, bytes } = await fleet.api.upload(file)
  const uploadedAt = performance.now()
  say(`${name} ${version}, ${bytes} bytes, is published; it replicates by itself`)
  const timeline = new FaultTimeline({ fleet, network, say })
  outcome.faults = timeline.happened
  timeline.begin(job.faults)
  try {
    const hear = (detail: PatchDetail): void => noteCompleteDataCenters(detail, uploadedAt, outcome)
    await followReplication(fleet, id, { since: uploadedAt, say, hear })
    outcome.makespanMs = Math.round(performance.now() - uploadedAt)
    if (network !== null && before !== null) outcome.wanBytesIn = difference(await network.wanBytesIn(), before)
  } finally {
    await timeline.end()
  }
  if (!install) return
  await fleet.reachable(topology.appliances.map((appliance) => appliance.name))
  const organizations = [...new Set(topology.appliances.map(({ organization }) => organization))]
  const hear = (detail: InstallDetail): void => void (outcome.install = detail)
  await installEverywhere(fleet, { patch: id, organizations, allowOutage }, { say, hear })
}

async function startFleet(
  topology: Topology,
  isolate: boolean,
  { running, say }: { running: Running; say: Say },
): Promise<IsolatedNetwork | null> {
  const { appliances, dataCenters } = topology
  say(`starting a Service Center and ${appliances.length} appliances in ${dataCenters.length} Data Centers`)
  const network = isolate ? await IsolatedNetwork.make(topology) : null
  if (network !== null) running.network = network
  const fleet = await Fleet.start(undefined, network?.places)
  running.fleet = fleet
  let ready = 0
  const started = performance.now()
  await fleet.addAll(appliances, ({ name }) => {
    ready += 1
    if (ready % TOLD_AT_ONCE === 0 || ready === appliances.length)
      say(`${ready} of ${appliances.length} appliances enrolled, ${name} last, after ${secondsSince(started)}`)
  })
  return network
}

function noteCompleteDataCenters(detail: PatchDetail, since: number, outcome: RealOutcome): void {
  outcome.patch = detail
  const open = new Set<string>(
    detail.appliances.filter(({ state }) => state !== 'replicated').map(({ dataCenter }) => dataCenter),
  )
  for (const { dataCenter } of detail.appliances) {
    if (!open.has(dataCenter) && !outcome.completeMs.has(dataCenter))
      outcome.completeMs.set(dataCenter, Math.round(performance.now() - since))
  }
}

function difference(
  after: ReadonlyMap<DataCenterName, number>,
  before: ReadonlyMap<DataCenterName, number>,
): Map<DataCenterName, number> {
  return new Map(Array.from(after, ([name, bytes]) => [name, bytes - (before.get(name) ?? 0)]))
}

function nothingYet(): RealOutcome {
  return {
    url: '',
    appliances: [],
    patch: null,
    makespanMs: null,
    completeMs: new Map(),
    wanBytesIn: null,
    faults: { kills: 0, linkDowns: 0 },
    install: null,
  }
}

export const say: Say = (line) => void process.stderr.write(`${line}\n`)
