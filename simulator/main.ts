/**
 * `patchmesh demo` and `patchmesh simulate`: fleets that are not there for real, or only for a while.
 */
import { demo } from './demo.ts'
import { simulate } from './simulate.ts'

const [command, ...args] = process.argv.slice(2)

run().then(
  (status) => process.exit(status),
  (error: unknown) => {
    process.stderr.write(`patchmesh: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(1)
  },
)

async function run(): Promise<number> {
  if (command === 'demo') return demo(args)
  if (command === 'simulate') return simulate(args)
  process.stderr.write(`patchmesh: ${command} is not there yet; see patchmesh --help\n`)
  return 2
}
