/**
 * `npm run damage`: fleets of real processes whose daemons are killed and whose files are damaged, drawn at random and judged
 * from outside. A fleet waits most of the time, for daemons to start and for members that dial again; so several run at once.
 * Prints how it goes on standard error and the sum at the end; for each finding the command that replays it. Ctrl-C ends it
 * after the steps that run, with the sum of what was done.
 */
import { parseArgs } from 'node:util'
import { drawDamages, inWords } from './draw.ts'
import { type Complaint, FINDINGS } from './judge.ts'
import { runFleet, type Step } from './run-fleet.ts'

const HELP = `Usage: npm run damage -- [options]

Runs fleets of a Service Center and four agents on loopback. Each time one of them is
killed with kill -9, a file of its data folder is flipped, cut, emptied, removed, filled
or made older, and it is started again. A judge looks from outside: nothing that was
acknowledged is lost, and nothing is counted that is not there. Exits with 1 when
something was found.

  --count N  how many damages (default 20)      --count 500
  --seed N   the first fleet's seed (default 1)  --seed 38 --count 10
  --fleets N how many run at once (default 3)    --fleets 1
  --help     prints this
`
/** Damages of one fleet, one after the other. */
export const OF_ONE_FLEET = 10

type Found = { readonly seed: number; readonly step: Step }

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      count: { type: 'string', default: '20' },
      seed: { type: 'string', default: '1' },
      fleets: { type: 'string', default: '3' },
      help: { type: 'boolean', short: 'h' },
    },
  })
  if (values.help) {
    process.stdout.write(HELP)
    return 0
  }
  const [first, count] = [wholeNumber('--seed', values.seed), wholeNumber('--count', values.count)]
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort())
  const goOn = (): boolean => !interrupted.signal.aborted
  const found: Found[] = []
  const begunMs = performance.now()
  const drawn = Array.from({ length: Math.ceil(count / OF_ONE_FLEET) }, (_, at) => ({
    seed: first + at,
    length: Math.min(count - at * OF_ONE_FLEET, OF_ONE_FLEET),
  })).values()
  const oneAfterTheOther = async (): Promise<void> => {
    for (const { seed, length } of drawn) if (goOn()) found.push(...(await runDrawn(seed, length, goOn)))
  }
  await Promise.all(Array.from({ length: wholeNumber('--fleets', values.fleets) }, oneAfterTheOther))
  console.log(summary(found, performance.now() - begunMs))
  return found.every(({ step }) => step.complaints.length === 0) ? 0 : 1
}

async function runDrawn(seed: number, length: number, goOn: () => boolean): Promise<Found[]> {
  const say = (text: string): boolean => process.stderr.write(`seed ${seed}: ${text}\n`)
  say('begins')
  const { steps } = await runFleet({
    seed,
    damages: drawDamages(seed, length),
    goOn,
    onWait: (complaints) => say(`waits: ${shortly(complaints)}`),
    onStep: ({ damage, complaints, refused, tookMs }) => {
      say(`${inWords(damage)}${refused ? ': refused, and mended' : ''} (${(tookMs / 1000).toFixed(1)} s)`)
      for (const { finding, sentence } of complaints) console.log(`seed ${seed}: ${finding}: ${sentence}`)
      if (complaints.length > 0) console.log(`  replay  npm run damage -- --seed ${seed} --count ${length}`)
    },
  })
  return steps.map((step) => ({ seed, step }))
}

function shortly(complaints: readonly Complaint[]): string {
  const [first] = complaints
  if (first === undefined) return 'nothing is missing'
  const more = complaints.length === 1 ? '' : `, and ${complaints.length - 1} more`
  return `${first.finding}: ${first.sentence}${more}`
}

function summary(steps: readonly Found[], tookMs: number): string {
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
