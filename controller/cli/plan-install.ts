/**
 * `patchmesh installs plan`: in which order an install would go, before anything begins; and the file with such a plan,
 * from which `installs start --plan` starts.
 */
import { InstallPlan as Plan } from '../api/plan-schemas.ts'
import { type InstallPlan, MAX_PLAN_BYTES } from '../core/rollout/install-plan.ts'
import { WAVE_SOAK_SECONDS } from '../core/rollout/standing.ts'
import {
  aboutSoLong,
  betweenWaves,
  expectedTime,
  memberSentence,
  neededOptions,
  planImpact,
  planStandings,
  planSummary,
  waveTitle,
  whatGoesFirst,
  whatMayFail,
} from '../page/plan-words.ts'
import { listed, NONE_FOUND, patchReference, where } from '../page/words.ts'
import { defineCommand, UsageError } from './command.ts'
import { LocalFileError } from './exchange.ts'
import { readableTime } from './quantities.ts'
import { readDuration } from './read-duration.ts'
import { readSmallFile } from './read-small-file.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable, table } from './terminal.ts'

export const SCOPE_OPTIONS = {
  organization: { type: 'string', multiple: true, value: 'NAME', about: 'for whom; may be repeated' },
  'data-center': { type: 'string', value: 'NAME', about: 'where (default All)' },
  'allow-outage': { type: 'boolean', about: 'also interrupt an appliance whose peer cannot take over' },
  'outside-windows': { type: 'boolean', about: 'do not wait for maintenance windows; the trail says so' },
  first: {
    type: 'string',
    multiple: true,
    value: 'PATCH',
    about: 'goes before it in one interruption; may be repeated',
  },
  'wave-soak': {
    type: 'string',
    value: 'DURATION',
    about: 'how long each wave stands before the next, such as 30m (default 0)',
  },
} as const

export const planInstall = defineCommand({
  name: 'installs plan',
  operations: ['planInstall'],
  summary: 'Shows in which order an install would go, who waits and why, and what may fail',
  operands: ['PATCH'],
  usage:
    'PATCH --organization NAME... [--data-center NAME|All] [--first PATCH]... [--allow-outage] [--outside-windows] [--wave-soak DURATION]',
  options: { ...SCOPE_OPTIONS, ...SERVER_OPTIONS },
  remarks: [
    'Nothing begins. With --json the plan can be kept in a file and started as it is, with installs start --plan FILE: that\n' +
      'is refused where something has changed since that matters.',
  ],
  example: 'patchmesh installs plan example@1.0.0 --organization Acme --json > plan.json',
  async run({ options, operands: [patch = ''], show }) {
    const plan = await connect(options).planInstall(patch, scopeOf(options))
    return show(plan, () => planLines(plan))
  },
})

type ScopeValues = {
  readonly organization: string[] | undefined
  readonly 'data-center': string | undefined
  readonly 'allow-outage': boolean | undefined
  readonly 'outside-windows': boolean | undefined
  readonly first: string[] | undefined
  readonly 'wave-soak': string | undefined
}
export type Scope = {
  readonly organizations: readonly string[]
  readonly dataCenter: string
  readonly allowOutage: boolean
  readonly outsideWindows: boolean
  readonly first: readonly string[]
  readonly waveSoakSeconds: number
}

export function scopeOf(options: ScopeValues): Scope {
  const { organization: organizations = [] } = options
  if (organizations.length === 0) throw new UsageError('--organization is missing')
  return {
    ...{ organizations, dataCenter: options['data-center'] ?? 'All' },
    ...{ allowOutage: options['allow-outage'] === true, outsideWindows: options['outside-windows'] === true },
    first: options.first ?? [],
    waveSoakSeconds: waveSoakOf(options['wave-soak']),
  }
}

function waveSoakOf(given: string | undefined): number {
  const { usual, atMost } = WAVE_SOAK_SECONDS
  return given === undefined ? usual : readDuration('--wave-soak', given, atMost)
}

/** What `installs plan --json` has printed into it. */
export async function readPlan(file: string): Promise<InstallPlan> {
  const text = new TextDecoder().decode(await readSmallFile(file, MAX_PLAN_BYTES))
  const hint = `${file} is not the plan of an install: make one with patchmesh installs plan PATCH --json > FILE`
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new LocalFileError(hint, { cause: error })
  }
  const read = Plan.safeParse(json)
  if (read.success) return read.data
  throw new LocalFileError(hint, { cause: read.error })
}

export function planLines(plan: InstallPlan): string[] {
  const { organizations, dataCenter, first, patch, deadline, windows, beside, notApplicable } = plan
  return [
    printable(
      `${listed([...first, patch].map(patchReference))} for ${listed(organizations)} in ${where(dataCenter)}: ${planSummary(plan)}`,
    ),
    planStandings(plan),
    ...whatGoesFirst(plan).map(printable),
    ...neededOptions(plan).map(printable),
    planImpact(plan),
    ...expectedTime(plan),
    ...betweenWaves(plan),
    ...whatMayFail(plan),
    `Whoever waits may begin until ${readableTime(deadline)} UTC.`,
    ...windows.map((window) => printable(window)),
    ...beside.map(({ install, patch: other }) =>
      printable(`Install ${install} of ${other} goes on for the same pairs.`),
    ),
    ...plan.waves.flatMap((wave) => [
      '',
      printable(`${waveTitle(wave)}${aboutSoLong(wave.expectedSeconds)}`),
      ...table(
        ['APPLIANCE', 'ORGANIZATION', 'DATA CENTER', 'ROLE', 'HAS', ''],
        wave.pairs.flatMap(({ organization, dataCenter: place, members }) =>
          members.map((member) => [
            ...[member.appliance, organization, place, member.role, member.has ?? NONE_FOUND],
            memberSentence(member),
          ]),
        ),
        '',
      ).map((line) => `  ${line}`),
    ]),
    ...(notApplicable.length === 0 ? [] : ['', 'Left out, since the patch is not meant for them:']),
    ...notApplicable.map(({ appliance, organization, reason }) =>
      printable(`  ${appliance}  ${organization}  ${reason}`),
    ),
  ]
}
