/**
 * Numbers for Prometheus, from the same views as the page. They name patches and tell how the fleet stands, so they
 * need a session or an API token like everything else: behind a proxy on this machine every stranger would come from
 * loopback.
 */
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { applianceViews, installSummaries, patchSummaries } from '../core/views.ts'
import type { App, AppDependencies } from './context.ts'

const INSTALL_STATES = ['planned', 'running', 'paused', 'halted', 'done', 'cancelled'] as const

export function addMetricsRoute(app: App, dependencies: AppDependencies): void {
  const registry = makeRegistry(dependencies)
  app.get('/metrics', async (c) => c.body(await registry.metrics(), 200, { 'Content-Type': registry.contentType }))
}

function makeRegistry({ serviceCenter: { state } }: AppDependencies): Registry {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'patchmesh_patches',
    help: 'Patches that are not withdrawn',
    registers,
    collect() {
      this.set(patchSummaries(state).length)
    },
  })
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
  return registry
}
