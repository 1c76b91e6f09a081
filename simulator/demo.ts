/**
 * `patchmesh demo`: the main job on this machine, from nothing to installed. It shows each step as it happens and ends
 * with the page's address, or with one JSON object for a script.
 */
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { writeExampleBundle } from '../controller/cli/example-bundle.ts'
import type { ApplianceView, InstallDetail, PatchDetail } from '../controller/core/views.ts'
import { Fleet } from './processes/fleet.ts'
import { followReplication, installEverywhere, secondsSince } from './real/follow-patch.ts'
import { guardRun, Interrupted } from './real/guard-run.ts'
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
  const guard = guardRun()
  say(`starting a Service Center and ${options.dataCenters * 6} appliances in ${options.dataCenters} Data Centers`)
  let fleet: Fleet | undefined
  let status = 0
  try {
    fleet = await guard.interruptible(Fleet.start())
    outcome.url = fleet.url
    await guard.interruptible(run(fleet, options, outcome))
    if (!options.once) {
      say(`\nSystem Patches: ${await fleet.signInLink()}\n(the link works once; Ctrl-C stops everything)`)
      await guard.interrupted
    }
  } catch (error) {
    if (error instanceof Interrupted) return error.status
    say(`failed: ${error instanceof Error ? error.message : String(error)}`)
    status = 1
  } finally {
    say('stopping')
    await fleet?.stop()
    for (const left of await guard.end()) say(left)
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
      say(`${ready} of ${appliances.length} appliances enrolled, ${name} last, after ${secondsSince(started)}`)
  })
  outcome.appliances = await fleet.api.appliances()

  const file = options.patch === undefined ? await sample(fleet) : resolve(options.patch)
  say(`uploading ${basename(file)}`)
  const uploaded = await fleet.api.upload(file)
  const uploadedAt = performance.now()
  say(`${uploaded.name} ${uploaded.version}, ${uploaded.bytes} bytes, is published; it replicates by itself`)
  const hear = (detail: PatchDetail): void => void (outcome.patch = detail)
  await followReplication(fleet, uploaded.id, { since: uploadedAt, say, hear })
  outcome.replicatedMs = Math.round(performance.now() - uploadedAt)
  if (!options.install) return
  const organizations = [...new Set(outcome.appliances.map(({ organization }) => organization))]
  const hearInstall = (detail: InstallDetail): void => void (outcome.install = detail)
  await installEverywhere(fleet, { patch: uploaded.id, organizations }, { say, hear: hearInstall })
}

async function sample(fleet: Fleet): Promise<string> {
  const out = join(fleet.folder, 'sample-1.0.0.patch')
  await writeExampleBundle({ name: 'sample', version: '1.0.0', bytes: SAMPLE_BYTES, out })
  return out
}

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

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}
