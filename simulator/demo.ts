/**
 * `patchmesh demo`: the main job on this machine, from nothing to installed. It is `simulate --real` with a topology that
 * is built in, and stays up with the page's address, or ends with one JSON object for a script.
 */
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { writeExampleBundle } from '../controller/cli/example-bundle.ts'
import type { PatchDetail } from '../controller/core/patch-views.ts'
import { type RealOutcome, runForReal, say } from './real/real-run.ts'
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
/** The exit status. */
export async function demo(args: string[]): Promise<number> {
  const options = readOptions(args)
  if (typeof options === 'number') return options
  const { dataCenters, patch, install, once, json } = options
  const job = {
    topology: demoTopology(dataCenters),
    isolate: false,
    faults: [],
    install,
    allowOutage: false,
    keep: !once,
    patchIn: (folder: string): Promise<string> =>
      patch === undefined ? sampleIn(folder) : Promise.resolve(resolve(patch)),
  }
  return runForReal(job, (outcome) => {
    if (json) process.stdout.write(`${JSON.stringify(reportOf(outcome))}\n`)
  })
}

async function sampleIn(folder: string): Promise<string> {
  const out = join(folder, 'sample-1.0.0.patch')
  await writeExampleBundle({ name: 'sample', version: '1.0.0', bytes: SAMPLE_BYTES, out })
  return out
}

/** The object of `--json`. */
function reportOf({ patch, makespanMs, appliances, install, url }: RealOutcome): unknown {
  const copies = patch?.appliances ?? []
  const targets = new Map(install?.targets.map((target) => [target.appliance, target]))
  return {
    patch: patch === null ? null : pick(patch),
    replications: patch?.replications ?? { complete: 0, total: 0 },
    replicatedMs: makespanMs,
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
