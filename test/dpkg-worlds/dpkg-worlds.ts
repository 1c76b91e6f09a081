/**
 * `npm run dpkg-worlds`: installs drawn at random on real Debian roots with the real dpkg, judged from outside. Prints
 * how it goes on standard error and the sum at the end; for each failure what was found, and the command that replays it.
 */
import { parseArgs } from 'node:util'
import { cannotInstall, makeKeptRoot } from '../support/real-packages.ts'
import { drawFailingWorld } from './drawn/failing-world.ts'
import { drawWorld } from './drawn/world-plan.ts'
import { FINDINGS } from './judge/verdict.ts'
import type { WorldResult } from './run-world.ts'
import { runWorlds } from './world-workers.ts'

const HELP = `Usage: npm run dpkg-worlds -- [options]

Runs worlds on real roots, one for each seed: packages in drawn states, what an admin
did, little room, locks, a torn database; then one to three patches whose scripts fail,
with kill -9 of the agent, of dpkg and of scripts. A judge looks from outside. Needs
root. Exits with 1 when something was found.

  --failing      worlds whose patch can never be installed: each must be put back

  --count N      how many worlds (default 100)         --count 500
  --seed N       the first of them (default 1)         --seed 38 --count 1
  --processes N  how many run at a time (default: as many as there are cores)
  --verbose      prints the story of each world        --seed 38 --count 1 --verbose
  --help         prints this
`

const PROGRESS_EVERY_MS = 5_000

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      count: { type: 'string', default: '100' },
      seed: { type: 'string', default: '1' },
      processes: { type: 'string' },
      failing: { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const obstacle = cannotInstall()
  if (obstacle !== false) throw new Error(obstacle)
  const from = wholeNumber('--seed', values.seed)
  const count = wholeNumber('--count', values.count)
  const draw = values.failing ? drawFailingWorld : drawWorld
  await makeKeptRoot()
  const results: WorldResult[] = []
  const errors: string[] = []
  const begunMs = performance.now()
  const progress = setInterval(() => {
    const failed = results.filter(({ complaints }) => complaints.length > 0).length
    process.stderr.write(`${results.length} of ${count} worlds, ${failed} failures\n`)
  }, PROGRESS_EVERY_MS)
  await runWorlds({
    worlds: Array.from({ length: count }, (_, at) => ({ plan: draw(from + at) })),
    ...(values.processes === undefined ? {} : { processes: wholeNumber('--processes', values.processes) }),
    onResult: (result) => {
      results.push(result)
      if (values.verbose) console.log(result.story.join('\n'))
      tellFailure(result)
    },
    onError: (seed, error) => {
      errors.push(`the world ${seed} could not be run: ${error}`)
      console.log(errors.at(-1))
    },
  }).finally(() => clearInterval(progress))
  console.log(summary(results, errors, performance.now() - begunMs))
  const left = values.failing ? results.filter(({ putBack, ends }) => putBack < ends.length) : []
  if (values.failing) console.log(`put back  ${results.length - left.length} of ${count}`)
  for (const { seed, ends } of left) console.log(`  seed ${seed} ended ${ends.join(', ')}`)
  const isRight = left.length === 0 && results.every(({ complaints }) => complaints.length === 0)
  return isRight && errors.length === 0 ? 0 : 1
}

function tellFailure({ seed, complaints }: WorldResult): void {
  for (const { finding, sentence, install } of complaints) {
    console.log(`seed ${seed}, install ${install + 1}: ${finding}: ${sentence}`)
  }
  if (complaints.length > 0) console.log(`  replay  npm run dpkg-worlds -- --seed ${seed} --count 1 --verbose`)
}

function summary(results: readonly WorldResult[], errors: readonly string[], tookMs: number): string {
  const ends = new Map<string, number>()
  for (const end of results.flatMap((result) => result.ends)) ends.set(end, (ends.get(end) ?? 0) + 1)
  const complaints = results.flatMap(({ seed, complaints: found }) => found.map(({ finding }) => ({ seed, finding })))
  const lines = FINDINGS.map((finding) => {
    const seeds = [...new Set(complaints.filter((one) => one.finding === finding).map(({ seed }) => seed))]
    return `  ${finding.padEnd(24)}${seeds.length}${
      seeds.length === 0
        ? ''
        : `  seeds ${seeds
            .sort((a, b) => a - b)
            .slice(0, 12)
            .join(', ')}`
    }`
  })
  return [
    `worlds    ${results.length} in ${(tookMs / 1000).toFixed(0)} s`,
    `installs  ${[...ends].map(([end, count]) => `${end} ${count}`).join(', ')}`,
    'worlds in which was found:',
    ...lines,
    `could not be run  ${errors.length}`,
    `failures  ${results.filter(({ complaints: found }) => found.length > 0).length}`,
  ].join('\n')
}

function wholeNumber(what: string, text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text)
  throw new Error(`${what} takes a whole number from 1, not ${JSON.stringify(text)}`)
}

process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`npm run dpkg-worlds: ${error.message}\n`)
  return 2
})
