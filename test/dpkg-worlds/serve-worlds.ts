/**
 * The process that runs worlds, in namespaces of its own: told a seed at a time, it answers with the result. It ends when
 * whoever started it is gone.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { keptRoot, realPackage } from '../support/real-packages.ts'
import { bundleAgent } from './agent/bundle-agent.ts'
import type { LieName } from './agent/lies.ts'
import type { WorldPlan } from './drawn/world-plan.ts'
import { runTool } from './run-tool.ts'
import { runWorld, type WorldResult } from './run-world.ts'
import { mountBaseSystem } from './world-root.ts'

export type WorldTask = { readonly plan: WorldPlan; readonly lie: LieName | null; readonly endsWithinMs: number }
export type WorldAnswer =
  | { readonly kind: 'result'; readonly result: WorldResult }
  | { readonly kind: 'error'; readonly seed: number; readonly error: string }

const folder = String(process.argv[2])
await runTool('mount', ['-t', 'tmpfs', '-o', 'size=2g', 'worlds', folder])
const packages = join(folder, 'packages')
await mkdir(packages)
const system = await mountBaseSystem(folder, await keptRoot(), await realPackage('ucf'))
const program = await bundleAgent(folder)
const nativeArchitecture = (await runTool('dpkg', ['--print-architecture'])).trim()

process.on('disconnect', () => process.exit(0))
process.on('message', ({ plan, ...task }: WorldTask) => {
  runWorld(plan, { program, folder, packages, system, nativeArchitecture, ...task })
    .then((result): WorldAnswer => ({ kind: 'result', result }))
    .catch((error: unknown): WorldAnswer => ({ kind: 'error', seed: plan.seed, error: inWords(error) }))
    .then((answer) => process.send?.(answer))
})
process.send?.({ kind: 'ready' })

function inWords(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
