/**
 * `npm run damage`: fleets of real processes whose daemons are killed and whose files are damaged, drawn at random and judged
 * from outside. Prints how it goes on standard error and the sum at the end; for each finding the command that replays it.
 */
import { parseArgs } from 'node:util'
import { drawDamages, inWords } from './draw.ts'
import { FINDINGS } from './judge.ts'
import { runFleet, type Step } from './run-fleet.ts'

const HELP = `Usage: npm run damage -- [options]

Runs fleets of a Service Center and four agents on loopback. Each time one of them is
killed with kill -9, a file of its data folder is flipped, cut, emptied, removed, filled
or made older, and it is started again. A judge looks from outside: nothing that was
acknowledged is lost, and nothing is counted that is not there. Exits with 1 when
something was found.

  --count N  how many damages (default 20)      --count 500
  --seed N   the first fleet's seed (default 1)  --seed 38 --count 10
  --help     prints this
`
/** Damages of one fleet, one after the other. */
export const OF_ONE_FLEET = 10

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      count: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const [first, count] = [wholeNumber('--seed', values.seed), wholeNumber('--count', values.count)]
  const steps: { seed: number; step: Step }[] = []
  const begunMs = performance.now()
  for (let seed = first, left = count; left > 0; seed++, left -= OF_ONE_FLEET) {
    const damages = drawDamages(seed, Math.min(left, OF_ONE_FLEET))
    process.stderr.write(`seed ${seed}\n`)
    await runFleet({
      seed,
      damages,
      onStep: (step) => {
        steps.push({ seed, step })
        process.stderr.write(`  ${inWords(step.damage)}${step.refused ? ': refused, and mended' : ''}\n`)
        for (const { finding, sentence } of step.complaints) console.log(`seed ${seed}: ${finding}: ${sentence}`)
        if (step.complaints.length > 0)
          console.log(`  replay  npm run damage -- --seed ${seed} --count ${Math.min(left, OF_ONE_FLEET)}`)
      },
    })
  }
  console.log(summary(steps, performance.now() - begunMs))
  return steps.every(({ step }) => step.complaints.length === 0) ? 0 : 1
}

function summary(steps: readonly { seed: number; step: Step }[], tookMs: number): string {
  const found = steps.flatMap(({ seed, step }) => step.complaints.map(({ finding }) => ({ seed, finding })))
  const lines = FINDINGS.map((finding) => {
    const seeds = [...new Set(found.filter((one) => one.finding === finding).map(({ seed }) => seed))]
    return `  ${finding.padEnd(24)}${seeds.length}${seeds.length === 0 ? '' : `  seeds ${seeds.slice(0, 12).join(', ')}`}`
  })
  const damagedFiles = steps.filter(({ step }) => step.damage.way !== 'nothing').length
  return [
    `kill -9        ${steps.length} in ${(tookMs / 1000).toFixed(0)} s`,
    `damaged files  ${damagedFiles}`,
    `starts refused ${steps.filter(({ step }) => step.refused).length}, and mended as they say`,
    'fleets in which was found:',
    ...lines,
    `failures  ${steps.filter(({ step }) => step.complaints.length > 0).length}`,
  ].join('\n')
}

function wholeNumber(what: string, text: string): number {
  if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text)
  throw new Error(`${what} takes a whole number from 1, not ${JSON.stringify(text)}`)
}

process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`npm run damage: ${error.stack}\n`)
  return 2
})
