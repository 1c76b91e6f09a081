/**
 * Numbers for Prometheus, from the same views as the page. They name patches and tell how the fleet stands, so they
 * need a session or an API token like everything else: behind a proxy on this machine every stranger would come from
 * loopback. They speak of what the one who asks may see. No metric has a label for each appliance, so their number stays small however large the fleet is.
 */

import { setTimeout as pause } from 'node:timers/promises'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { transfersByDataCenter } from '../core/data-centers.ts'
import { patchSummaries } from '../core/patch-views.ts'
import { INSTALL_STATES } from '../core/rollout/install-states.ts'
import type { ServiceCenterState } from '../core/state.ts'
import { applianceViews, installSummaries } from '../core/views.ts'
import { addAttentionMetrics } from './attention-metrics.ts'
import type { App, RouteDependencies } from './context.ts'
import { addExposureMetrics } from './exposure-metrics.ts'
import { permitted } from './permitted.ts'

/** How late timers are is known after two of them. */
const FIRST_SAMPLE_MS = 25

export function addMetricsRoute(app: App, dependencies: RouteDependencies): void {
  let measuring: Promise<Registry> | undefined
  app.get('/metrics', permitted('read'), async (c) => {
    const ofFleet = new Registry()
    const { state } = c.var.serviceCenter
    addFleet(ofFleet, state)
    addReplication(ofFleet, state)
    addTransfers(ofFleet, state)
    addExposureMetrics(ofFleet, state)
    await addAttentionMetrics(ofFleet, c, dependencies)
    measuring ??= measureProcess()
    const ofProcess = await measuring
    const metrics = await Promise.all([ofFleet, ofProcess].map((registry) => registry.metrics()))
    return c.body(metrics.join('\n'), 200, { 'Content-Type': ofFleet.contentType })
  })
}

/** Wakes the process a hundred times a second from then on, so it begins when somebody asks for it. */
async function measureProcess(): Promise<Registry> {
  const ofProcess = new Registry()
  collectDefaultMetrics({ register: ofProcess })
  await pause(FIRST_SAMPLE_MS)
  return ofProcess
}

function addFleet(registry: Registry, state: ServiceCenterState): void {
  const registers = [registry]
  new Gauge({
    name: 'patchmesh_appliances',
    help: 'Enrolled appliances, by whether they can be reached now',
    labelNames: ['reachable'],
    registers,
    collect() {
      const appliances = applianceViews(state)
      const reachable = appliances.filter((appliance) => appliance.reachable).length
      this.set({ reachable: 'yes' }, reachable)
      this.set({ reachable: 'no' }, appliances.length - reachable)
    },
  })
  new Gauge({
    name: 'patchmesh_appliances_by_kind',
    help: 'Enrolled appliances, by kind and by whether they can be reached now',
    labelNames: ['kind', 'reachable'],
    registers,
    collect() {
      for (const [kind, appliances] of Map.groupBy(applianceViews(state), (appliance) => appliance.kind)) {
        const reachable = appliances.filter((appliance) => appliance.reachable).length
        this.set({ kind, reachable: 'yes' }, reachable)
        this.set({ kind, reachable: 'no' }, appliances.length - reachable)
      }
    },
  })
  new Gauge({
    name: 'patchmesh_appliances_held',
    help: 'Appliances whose key two machines use, and which wait for a person',
    registers,
    collect() {
      this.set(applianceViews(state).filter(({ held }) => held !== null).length)
    },
  })
  new Gauge({
    name: 'patchmesh_installs',
    help: 'Installs by state',
    labelNames: ['state'],
    registers,
    collect() {
      const installs = installSummaries(state)
      for (const wanted of INSTALL_STATES)
        this.set({ state: wanted }, installs.filter((install) => install.state === wanted).length)
    },
  })
}

function addReplication(registry: Registry, state: ServiceCenterState): void {
  const registers = [registry]
  new Gauge({
    name: 'patchmesh_patches',
    help: 'Patches that are not withdrawn',
    registers,
    collect() {
      this.set(patchSummaries(state).length)
    },
  })
  new Gauge({
    name: 'patchmesh_replications',
    help: 'Copies on Service Provider appliances, by patch: complete ones and all that there will be',
    labelNames: ['patch', 'count'],
    registers,
    collect() {
      this.reset()
      for (const { name, version, replications } of patchSummaries(state)) {
        const patch = `${name}@${version}`
        this.set({ patch, count: 'complete' }, replications.complete)
        this.set({ patch, count: 'total' }, replications.total)
      }
    },
  })
  new Gauge({
    name: 'patchmesh_copies',
    help: 'Copies of all patches on Service Provider appliances: complete ones and all that there will be',
    labelNames: ['count'],
    registers,
    collect() {
      const counts = patchSummaries(state).map(({ replications }) => replications)
      for (const count of ['complete', 'total'] as const)
        this.set(
          { count },
          counts.reduce((sum, replications) => sum + replications[count], 0),
        )
    },
  })
}

function addTransfers(registry: Registry, state: ServiceCenterState): void {
  const registers = [registry]
  new Gauge({
    name: 'patchmesh_replication_left_bytes',
    help: 'Bytes of all patches still missing on Service Provider appliances, by Data Center',
    labelNames: ['data_center'],
    registers,
    collect() {
      for (const [name, { bytesLeft }] of transfersByDataCenter(state)) this.set({ data_center: name }, bytesLeft)
    },
  })
  new Gauge({
    name: 'patchmesh_wan_received_bytes',
    help: 'Bytes of pieces of patches that are there now, as agents received them over the WAN since they started, by Data Center',
    labelNames: ['data_center'],
    registers,
    collect() {
      for (const [name, { wanBytes }] of transfersByDataCenter(state)) this.set({ data_center: name }, wanBytes)
    },
  })
  new Gauge({
    name: 'patchmesh_transfer_bytes_per_second',
    help: 'Bytes of patches that arrive on Service Provider appliances now, by Data Center and by whether they come from outside it',
    labelNames: ['data_center', 'from'],
    registers,
    collect() {
      for (const [name, { fromOutside, fromInside }] of transfersByDataCenter(state)) {
        this.set({ data_center: name, from: 'outside' }, fromOutside)
        this.set({ data_center: name, from: 'inside' }, fromInside)
      }
    },
  })
}
