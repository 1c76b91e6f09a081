/**
 * The plan of an install in words, as the page and the command line say them.
 */
import type { InstallPlan, PlannedMember, PlannedWave } from '../core/rollout/install-plan.ts'
import { counted, dataCenterTitle, duration, listed, patchReference, sentence } from './words.ts'

const RESTARTS = {
  none: 'Nothing is interrupted',
  service: 'The service restarts on each appliance',
  reboot: 'Each appliance is restarted',
} as const
/** Of a long list the number says more. */
const NAMED_DATA_CENTERS = 6

/** `8 appliances in 4 pairs, about 6 min where nobody has to wait`. */
export function planSummary({ counts, expectedSeconds }: InstallPlan): string {
  const { appliances, pairs } = counts
  const many = `${counted(appliances, 'appliance')} in ${counted(pairs, 'pair')}`
  return expectedSeconds === 0 ? many : `${many}${aboutSoLong(expectedSeconds)} where nobody has to wait`
}

/** Nothing where nobody would begin. */
export function aboutSoLong(seconds: number): string {
  return seconds === 0 ? '' : `, about ${duration(seconds)}`
}

/** Who begins by themselves and who does not, without those of whom there are none. */
export function planStandings({ counts, notApplicable }: InstallPlan): string {
  const parts = [
    [counts.ready, 'ready'],
    [counts.waits, 'waiting'],
    [counts.refuses, 'would refuse it'],
    [counts.installed, 'at it already'],
    [notApplicable.length, 'not applicable'],
  ] as const
  return parts.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`])).join(', ')
}

/** Nothing where it goes alone. */
export function whatGoesFirst({ first, patch }: Pick<InstallPlan, 'first' | 'patch'>): string[] {
  if (first.length === 0) return []
  const verb = first.length === 1 ? 'goes' : 'go'
  return [
    `${listed(first.map(patchReference))} ${verb} before ${patchReference(patch)}, in the same interruption of each pair; all are copied before anything begins.`,
  ]
}

/** What it needs first and is not everywhere, where there is anything. */
export function neededFirst({ needs }: Pick<InstallPlan, 'needs'>): string[] {
  if (needs.length === 0) return []
  const named = needs.map((needed) => `${patchReference(needed)} (on ${counted(needed.appliances, 'appliance')})`)
  return [`It needs ${listed(named)} first, which can go in the same interruption of each pair.`]
}

/** The same with what a command line adds for it. */
export function neededOptions({ needs }: Pick<InstallPlan, 'needs'>): string[] {
  const options = needs.map((needed) => `--first ${patchReference(needed)}`).join(' ')
  return neededFirst({ needs }).map((line) => `${line} Add ${options}.`)
}

export function planImpact({ restart, unprotectedSeconds }: InstallPlan): string {
  const { longest, all } = unprotectedSeconds
  if (restart === 'none' || all === 0) return `${RESTARTS[restart]}.`
  return `${RESTARTS[restart]}, one member of a pair after the other: a pair is without a stand-in for up to ${duration(longest)}, all of them together for ${duration(all)}.`
}

/** How long it takes on an appliance, and what that rests on. */
export function expectedTime({ each: { seconds, longest, measuredOn, around } }: Pick<InstallPlan, 'each'>): string[] {
  const most = longest > seconds ? `, and up to ${duration(longest)}` : ''
  const source =
    measuredOn === 0 ? 'as the patch estimates' : `as measured on ${counted(measuredOn, 'appliance')} that have it`
  return [
    `About ${duration(seconds)} an appliance${most}: ${duration(seconds - around.seconds)} for the patch, ${source}, and ${duration(around.seconds)} for what comes before and after it: looking, checks and switchover.`,
    aroundSource(around),
  ]
}

function aroundSource(around: InstallPlan['each']['around']): string {
  const sources = [
    [around.appliance, 'measured there in earlier installs'],
    [around.kind, 'measured on others of the same kind'],
    [around.allowance, 'an allowance, since nothing like it was measured yet'],
  ] as const
  const some = sources.filter(([count]) => count > 0)
  const [only] = some
  if (some.length === 1 && only !== undefined) return `That second part is ${only[1]}.`
  return `That second part is ${listed(some.map(([count, source]) => `for ${counted(count, 'appliance')} ${source}`))}.`
}

/** How long each wave stands, where it has to. */
export function betweenWaves({ waveSoakSeconds }: Pick<InstallPlan, 'waveSoakSeconds'>): string[] {
  if (waveSoakSeconds === 0) return []
  return [
    `Whoever has the patch stands with it for ${duration(waveSoakSeconds)} before more begin, and must be heard and have it still at the end.`,
  ]
}

/** Of a single pair there is little to say: what fails ends it, and whoever is not heard of holds nobody else. */
export function whatMayFail({ mayFail, counts }: InstallPlan): string[] {
  const { pairsAtFirst, pairsLater, pairsOfADataCenter, unheardPairsAtFirst, unheardDataCentersLater } = mayFail
  const back = 'What fails is put back on its appliance, and the other member of its pair is left as it is.'
  if (counts.pairs <= pairsAtFirst) return ['It halts by itself when the patch fails.', back]
  const ends = counted(pairsOfADataCenter, 'pair that fails ends', 'pairs that fail end')
  return [
    `It halts by itself when ${counted(pairsAtFirst, 'pair fails', 'pairs fail')} while nobody has the patch. Later ${ends} it in its Data Center, and ${pairsLater} everywhere.`,
    `It halts too when nothing is heard any more of ${counted(unheardPairsAtFirst, 'pair')} that ${unheardPairsAtFirst === 1 ? 'was' : 'were'} ordered, while nobody has the patch, and later of appliances in ${counted(unheardDataCentersLater, 'Data Center')}.`,
    back,
  ]
}

/** `Wave 3, up to 2 Data Centers at a time: Data Center Paris and Data Center Tokyo`. */
export function waveTitle({ wave, dataCenters, dataCentersAtOnce }: PlannedWave): string {
  const more = dataCenters.length - NAMED_DATA_CENTERS
  const named = dataCenters.slice(0, NAMED_DATA_CENTERS).map(dataCenterTitle)
  const places = more > 0 ? [...named, `${more} more`] : named
  if (wave === 1) return `Wave 1, the first pair alone: ${listed(places)}`
  if (dataCentersAtOnce === 1) return `Wave ${wave}, the rest there: ${listed(places)}`
  return `Wave ${wave}, up to ${dataCentersAtOnce} Data Centers at a time: ${listed(places)}`
}

/** What is to be said of one member, as a sentence. */
export function memberSentence({ standing, reason }: PlannedMember): string {
  switch (standing) {
    case 'ready':
      return reason === '' ? 'Ready.' : `Ready, but ${reason}.`
    case 'installed':
      return 'At it already.'
    case 'waits':
      return sentence(/^waits\b/.test(reason) ? reason : `waits: ${reason}`)
    case 'refuses':
      return `Would refuse it: ${sentence(reason)}`
  }
}
