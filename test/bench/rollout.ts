/**
 * `npm run bench:rollout`: what installs cost the Service Center of a large fleet: a tick of it with many that have ended
 * and a few that run, and a plan for everybody at once. The figures become a section of docs/benchmarks.md.
 */
import type { InstallRecord, TargetRecord } from '../../controller/core/records.ts'
import { targetsOf } from '../../controller/core/rollout/ongoing.ts'
import { planRollout } from '../../controller/core/rollout/plan.ts'
import { planInstall } from '../../controller/core/rollout/planning.ts'
import { factsOf } from '../../controller/core/rollout/target-facts.ts'
import { apply, type ServiceCenterState } from '../../controller/core/state.ts'
import { step } from '../../controller/core/step.ts'
import type { InstallId, PeerId, Sha256 } from '../../protocol/identifiers.ts'
import { serveApp } from '../support/http-fixtures.ts'
import { keepSection } from './benchmarks-page.ts'
import { largeFleet } from './large-fleet.ts'

const EXTENT = { appliances: 10_000, organizations: 200, dataCenters: 50, patches: 20, detected: 1 }
const ENDED = { installs: 500, targets: 100 }
const RUNNING = { installs: 5, targets: 200 }
/** In the first the code is compiled: up to five times as long, and once in the life of a process. */
const FIRST_TICKS = 50
const TICKS = 200
const PAGES = 3
const HEADING = '## Installs of a large fleet'

const { fleet, patches } = await largeFleet(EXTENT)
const { state } = fleet.serviceCenter
const peers = [...state.appliances.keys()]
for (let number = 0; number < ENDED.installs; number++)
  put(number, patchOf(number), some(number, ENDED.targets), 'installed')
for (let number = 0; number < RUNNING.installs; number++)
  put(ENDED.installs + number, patchOf(number), some(10 * number, RUNNING.targets), 'queued')

for (let first = 0; first < FIRST_TICKS; first++) tick(state)
const tookMs = Array.from({ length: TICKS }, () => timed(() => tick(state))).sort((left, right) => left - right)
const everybody = put(9_999, patchOf(0), peers, 'queued')
const plannedMs = timed(() => plan(state, everybody))
const organizations = [...new Set([...state.appliances.values()].map(({ organization }) => organization))]
const record = state.patches.get(patchOf(0))
if (record === undefined) throw new Error('the patch is there')
const wanted = {
  organizations,
  dataCenter: 'All',
  allowOutage: false,
  outsideWindows: false,
  waveSoakSeconds: 0,
  first: [],
} as const
const readMs = timed(() => planInstall(state, record, wanted))
const app = await serveApp(fleet)
const cookie = await app.cookie()
const query = new URLSearchParams(organizations.map((name) => ['organization', name]))
const address = new URL(`/appliances/software-updates/${record.sha256}/install?${query}`, app.url)
const pageMs: number[] = []
for (let shown = 0; shown < PAGES; shown++) {
  const before = process.threadCpuUsage()
  const page = await (await fetch(address, { headers: { Cookie: cookie } })).text()
  pageMs.push(since(before))
  if (!page.includes('id="wave-5"')) throw new Error('the page shows the plan')
}
await app.close()
const figures = [
  ['a tick, median', tookMs[TICKS / 2] ?? 0, 20],
  ['a tick, the slowest of 200', tookMs.at(-1) ?? 0, 20],
  ['who of all 10,000 appliances begins now', plannedMs, 1_000],
  ['the plan of all 10,000 that people read', readMs, 1_000],
  ['the page that shows it, the slowest of 3', Math.max(...pageMs), 1_000],
] as const
const rows = figures.map(
  ([what, ms, limit]) => `| ${what} | ${ms.toFixed(1)} ms | ${limit} ms | ${ms <= limit ? 'yes' : 'no'} |`,
)
const table = ['| what | measured | at most | met |', '| --- | --- | --- | --- |', ...rows].join('\n')
process.stdout.write(`${table}\n`)
const about = `\`npm run bench:rollout\`: 10,000 appliances in 50 Data Centers; ${ENDED.installs} installs of ${ENDED.targets} appliances that have ended and ${RUNNING.installs} of ${RUNNING.targets} that run. Milliseconds are the processor's.`
await keepSection(HEADING, about, table)
await fleet.close()
process.exit(figures.every(([, ms, limit]) => ms <= limit) ? 0 : 1)

function tick(of: ServiceCenterState): void {
  const { wallMs, monotonicMs } = of.clock
  step(of, { kind: 'tick', clock: { wallMs: wallMs + 500, monotonicMs: monotonicMs + 500 } })
}

function plan(of: ServiceCenterState, install: InstallRecord): void {
  const manifest = of.patches.get(install.patch)?.publication.manifest
  if (manifest === undefined) throw new Error('the patch is there')
  const targets = factsOf(of, install, targetsOf(of, install.id))
  planRollout({ install, manifest, targets, elsewhere: { inFlight: [], unheard: [] } }, of.clock)
}

function put(number: number, patch: Sha256, on: readonly PeerId[], reached: TargetRecord['state']): InstallRecord {
  const { wallMs } = state.clock
  const id = number.toString(16).padStart(32, '0') as InstallId
  const install: InstallRecord = {
    ...{
      id,
      patch,
      organizations: [],
      dataCenter: 'All',
      allowOutage: false,
      outsideWindows: false,
      waveSoakSeconds: 0,
      reason: '',
      startedBy: null,
      continues: null,
      run: 1,
    },
    ...{ state: reached === 'queued' ? 'running' : 'done', startedAt: number, deadlineAt: wallMs + 1e12 },
  }
  apply(state, { table: 'installs', row: install })
  for (const appliance of on) {
    const row: TargetRecord = {
      ...{ install: id, appliance, state: reached, reason: '', refusal: null, output: '', installedVersion: null },
      ...{
        order: null,
        counter: 0,
        changedAt: wallMs,
        run: 1,
        wave: null,
        stoodAt: null,
        orderedAt: null,
        beganAt: null,
        phaseTimes: {},
      },
    }
    apply(state, { table: 'targets', row })
  }
  return install
}

function patchOf(number: number): Sha256 {
  const patch = patches[number % patches.length]
  if (patch === undefined) throw new Error('the fleet has patches')
  return patch
}

function some(from: number, count: number): PeerId[] {
  return Array.from({ length: count }, (_, index) => peers[(from * 131 + index) % peers.length] as PeerId)
}

/** In time of the processor: what else goes on on the machine makes it later, and is none of it. */
function timed(act: () => void): number {
  const before = process.threadCpuUsage()
  act()
  return since(before)
}

function since(before: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}
