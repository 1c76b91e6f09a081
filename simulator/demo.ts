/**
 * `patchmesh demo`: the main job on this machine, from nothing to installed. It shows each step as it happens and ends
 * with the page's address, or with one JSON object for a script.
 */
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { writeExampleBundle } from '../controller/cli/example-bundle.ts'
import type { ApplianceView, InstallDetail, PatchDetail } from '../controller/core/views.ts'
import { Fleet } from './processes/fleet.ts'
import { demoTopology } from './topology.ts'

const HELP = `Usage: patchmesh demo [options]

Runs a Service Center and the appliances of some Data Centers on this machine, uploads a
patch and shows it replicate. Stays up until Ctrl-C, and leaves nothing behind.

  --data-centers N   how many Data Centers (default 2)
  --patch FILE       upload this patch instead of the sample
  --install          install it for every organization in all Data Centers too
  --once             stop when that is done; exit status 0 only if all succeeded
  --json             print one JSON object at the end (with --once)

Example: patchmesh demo --once --install
`
const SAMPLE_BYTES = 8 * 1024 * 1024

type Options = { dataCenters: number; patch: string | undefined; install: boolean; once: boolean; json: boolean }
/** What has come true so far; the JSON at the end is made from it, also after a failure. */
type Outcome = {
  patch?: PatchDetail
  replicatedMs: number | null
  appliances: ApplianceView[]
  install?: InstallDetail
  url: string
}

/** The exit status. */
export async function demo(args: string[]): Promise<number> {
  const options = readOptions(args)
  if (typeof options === 'number') return options
  const outcome: Outcome = { replicatedMs: null, appliances: [], url: '' }
  const interrupted = new Promise<'interrupted'>((done) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => done('interrupted'))
  })
  say(`starting a Service Center and ${options.dataCenters * 6} appliances in ${options.dataCenters} Data Centers`)
  const fleet = await Fleet.start()
  outcome.url = fleet.url
  let status = 0
  try {
    const ended = await Promise.race([run(fleet, options, outcome), interrupted])
    if (ended === 'interrupted') return 130
    if (!options.once) {
      say(`\nSystem Patches: ${await fleet.signInLink()}\n(the link works once; Ctrl-C stops everything)`)
      await interrupted
    }
  } catch (error) {
    say(`failed: ${error instanceof Error ? error.message : String(error)}`)
    status = 1
  } finally {
    say('stopping')
    await fleet.stop()
  }
  if (options.json) process.stdout.write(`${JSON.stringify(report(outcome))}\n`)
  return status
}

async function run(fleet: Fleet, options: Options, outcome: Outcome): Promise<void> {
  const { appliances } = demoTopology(options.dataCenters)
  let ready = 0
  const started = performance.now()
  await fleet.addAll(appliances, ({ name }) => {
    ready += 1
    if (ready % 6 === 0 || ready === appliances.length)
      say(`${ready} of ${appliances.length} appliances enrolled, ${name} last, after ${seconds(started)}`)
  })
  outcome.appliances = await fleet.api.appliances()

  const file = options.patch === undefined ? await sample(fleet) : resolve(options.patch)
  say(`uploading ${basename(file)}`)
  const uploaded = await fleet.api.upload(file)
  const uploadedAt = performance.now()
  say(`${uploaded.name} ${uploaded.version}, ${uploaded.bytes} bytes, is published; it replicates by itself`)
  outcome.patch = await follow(fleet, uploaded.id, uploadedAt, outcome)
  outcome.replicatedMs = Math.round(performance.now() - uploadedAt)
  if (options.install) await install(fleet, outcome)
}

async function sample(fleet: Fleet): Promise<string> {
  const out = join(fleet.folder, 'sample-1.0.0.patch')
  await writeExampleBundle({ name: 'sample', version: '1.0.0', bytes: SAMPLE_BYTES, out })
  return out
}

async function follow(fleet: Fleet, patch: string, uploadedAt: number, outcome: Outcome): Promise<PatchDetail> {
  let shown = ''
  return fleet.until(
    'the patch is on every Service Provider appliance',
    async () => {
      const detail = await fleet.api.patch(patch)
      outcome.patch = detail
      const { complete, total } = detail.replications
      const moving = detail.appliances
        .filter(({ state }) => state !== 'replicated')
        .map(({ name, state }) => `${name} ${state}`)
      const line = `replications ${complete}/${total}${moving.length === 0 ? '' : `  ${moving.join(', ')}`}`
      if (line !== shown) say(`${line}  after ${seconds(uploadedAt)}`)
      shown = line
      return detail
    },
    ({ replications: { complete, total } }) => total > 0 && complete === total,
    30 * 60_000,
  )
}

async function install(fleet: Fleet, outcome: Outcome): Promise<void> {
  const organizations = [...new Set(outcome.appliances.map(({ organization }) => organization))]
  const patch = outcome.patch?.id ?? ''
  say(`installing for ${organizations.join(', ')} in all Data Centers`)
  const { id } = await fleet.api.startInstall({ patch, organizations, dataCenter: 'All', allowOutage: false })
  let shown = ''
  outcome.install = await fleet.until(
    'the install has ended',
    async () => {
      const detail = await fleet.api.install(id)
      outcome.install = detail
      const line = `installed ${detail.installed} of ${detail.total}`
      if (line !== shown) say(line)
      shown = line
      return detail
    },
    ({ state, targets }) => state !== 'running' && targets.every((target) => ENDED.has(target.state)),
    30 * 60_000,
  )
  for (const target of outcome.install.targets) {
    if (target.state !== 'installed') say(`${target.appliance} ${target.state}: ${target.reason}\n${target.output}`)
  }
  if (outcome.install.state !== 'done')
    throw new Error(`the install is ${outcome.install.state}: ${outcome.install.reason}`)
  const { installed, total } = outcome.install
  if (installed !== total) throw new Error(`${total - installed} of ${total} appliances did not install it`)
}

const ENDED: ReadonlySet<string> = new Set(['installed', 'failed', 'reverted', 'refused', 'cancelled', 'unknown'])

/** The object of `--json`. */
function report({ patch, replicatedMs, appliances, install, url }: Outcome): unknown {
  const copies = patch?.appliances ?? []
  const targets = new Map(install?.targets.map((target) => [target.appliance, target]))
  return {
    patch: patch === undefined ? null : pick(patch),
    replications: patch?.replications ?? { complete: 0, total: 0 },
    replicatedMs,
    appliances: appliances.map(({ name, organization, dataCenter, kind, role }) => {
      const target = targets.get(name)
      const own = copies.find((copy) => copy.name === name)
      // A tenant appliance has no copy of its own until an install stages one: what counts for it is its depot's.
      const replicated = copies.some(
        (copy) => copy.state === 'replicated' && (own === undefined ? copy.dataCenter === dataCenter : copy === own),
      )
      const reason = target !== undefined && target.state !== 'installed' ? target.reason : (own?.reason ?? '')
      return {
        name,
        organization,
        dataCenter,
        kind,
        role,
        replicated,
        installedVersion: target?.installedVersion ?? null,
        reason,
      }
    }),
    url,
  }
}

function pick({ id, name, version, bytes, sha256 }: PatchDetail): unknown {
  return { id, name, version, bytes, sha256 }
}

function readOptions(args: string[]): Options | number {
  try {
    const { values } = parseArgs({
      args,
      options: {
        'data-centers': { type: 'string' },
        patch: { type: 'string' },
        install: { type: 'boolean' },
        once: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    })
    if (values.help) {
      process.stdout.write(HELP)
      return 0
    }
    const dataCenters = Number(values['data-centers'] ?? 2)
    if (!Number.isInteger(dataCenters) || dataCenters < 1 || dataCenters > 50)
      throw new Error('--data-centers takes a whole number from 1 to 50')
    const { patch, install = false, once = false, json = false } = values
    return { dataCenters, patch, install, once, json }
  } catch (error) {
    say(`patchmesh: ${(error as Error).message}; see patchmesh demo --help`)
    return 2
  }
}

function seconds(since: number): string {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`
}

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
