/**
 * `npm run soak`: has 10,000 peers come and go at one process and shows, a thousand peers at a time, what it holds when
 * they are gone. Ends with status 1 where anything of them stays: a reader, a socket, or memory that grows with them.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { eventually } from '../support/eventually.ts'
import { type Measure, type Told, visitAll } from './visits.ts'

const ROUNDS = 10
/** The first rounds fill caches and compile; from then on the heap shall stand still. */
const WARM_ROUNDS = 3
const MAX_GROWTH_MIB = 2

const peers = Number(process.argv[2] ?? 10_000)
const child = fork(new URL('./seed-process.ts', import.meta.url), [String(peers)], {
  execArgv: ['--expose-gc', '--max-semi-space-size=2', '--import', 'tsx'],
})
try {
  const [ready] = (await once(child, 'message')) as [Told]
  if (ready.kind !== 'ready') throw new Error(`the seed said ${ready.kind} instead of ready`)
  const measures: Measure[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const numbers = Array.from({ length: peers }, (_, number) => number).filter((number) => number % ROUNDS === round)
    await visitAll(ready, numbers)
    const empty = await eventually('the seed lets the last of them go', async () => {
      const now = await measure()
      return now.readers === 0 && now.sockets <= 1 ? now : null
    })
    measures.push(empty)
    const { heapMiB, privateMiB, sockets, readers } = empty
    process.stdout.write(
      `${(round + 1) * numbers.length} peers: heap ${heapMiB.toFixed(1)} MiB, private memory ${privateMiB.toFixed(0)} MiB, ${sockets} sockets, ${readers} readers\n`,
    )
  }
  const warm = measures[WARM_ROUNDS - 1]?.heapMiB ?? 0
  const growth = (measures.at(-1)?.heapMiB ?? 0) - warm
  process.stdout.write(`heap after the last round: ${growth.toFixed(2)} MiB more than after round ${WARM_ROUNDS}\n`)
  if (growth > MAX_GROWTH_MIB) {
    process.stderr.write(`missed: the heap may grow by ${MAX_GROWTH_MIB} MiB at most\n`)
    process.exitCode = 1
  }
} finally {
  child.kill()
}

async function measure(): Promise<Measure> {
  child.send('measure')
  const [told] = (await once(child, 'message')) as [Told]
  if (told.kind !== 'measured') throw new Error(`the seed said ${told.kind} instead of what it holds`)
  return told
}
