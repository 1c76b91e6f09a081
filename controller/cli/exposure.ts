/**
 * `patchmesh patches exposure|advisory` and `patchmesh due-dates list|set`: without which patches appliances are exposed,
 * what an advisory says, and how many days each severity leaves.
 */
import type { DueDays } from '../core/exposure/advisory.ts'
import { SEVERITIES } from '../core/exposure/advisory.ts'
import type { ExposureCounts, ExposureDetail, ExposureSummary } from '../core/exposure/exposure-views.ts'
import { duration, exposedOf, patchReference } from '../page/words.ts'
import { defineCommand, UsageError } from './command.ts'
import { readableTime } from './quantities.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable, table } from './terminal.ts'

export const ADVISORY_OPTIONS = {
  severity: {
    type: 'string',
    value: 'WORD',
    about: `${SEVERITIES.join(', ')} or none: when it is due follows from it`,
  },
  advisory: { type: 'string', value: 'NAME', about: 'what others call the advisory, such as DSA-5941-1' },
  published: {
    type: 'string',
    value: 'DAY',
    about: 'of the advisory, in UTC: the clock runs from then, else from the upload',
  },
  due: {
    type: 'string',
    value: 'DAY',
    about: 'by the end of which all must have it, in place of the days of its severity',
  },
} as const
type AdvisoryValues = { readonly [Name in keyof typeof ADVISORY_OPTIONS]: string | undefined }

export const showExposure = defineCommand({
  name: 'patches exposure',
  operations: ['listExposure', 'showExposure'],
  summary: 'Shows who is exposed without which patch, since when, and due when',
  operands: ['[PATCH]'],
  usage: '[PATCH] [--all]',
  options: { all: { type: 'boolean', about: 'also patches that all appliances have' }, ...SERVER_OPTIONS },
  remarks: [
    'The clock of a patch runs from its advisory, or from its upload where no advisory is named, to the last appliance\n' +
      'that must have it. For an appliance that joined later it runs from then.',
  ],
  example: 'patchmesh patches exposure hotfix@1.2.0',
  async run({ options, operands: [patch], show }) {
    const client = connect(options)
    if (patch !== undefined) {
      const detail = await client.exchange.call<ExposureDetail>({ method: 'GET', path: ['patches', patch, 'exposure'] })
      return show(detail, () => detailLines(detail))
    }
    const query = { show: options.all === true ? 'all' : 'open' }
    const all = await client.exchange.call<ExposureSummary[]>({ method: 'GET', path: ['exposure'], query })
    return show(all, () => summaryLines(all))
  },
})

export const setAdvisory = defineCommand({
  name: 'patches advisory',
  operations: ['setAdvisory'],
  summary: 'Says what a patch mends, how severe that is, and when it is due',
  operands: ['PATCH'],
  usage: 'PATCH [--severity WORD] [--advisory NAME] [--published DAY] [--due DAY]',
  options: { ...ADVISORY_OPTIONS, ...SERVER_OPTIONS },
  remarks: ['What is left out is not known any more. A moment such as 2026-11-30T12:00:00Z can stand for a day.'],
  example: 'patchmesh patches advisory hotfix@1.2.0 --severity critical --advisory DSA-5941-1 --published 2026-11-02',
  async run({ options, operands: [patch = ''], show }) {
    const body = advisoryOf(options)
    const request = { method: 'PUT', path: ['patches', patch, 'advisory'], body } as const
    const detail = await connect(options).exchange.call<ExposureDetail>(request)
    return show(detail, () => detailLines(detail))
  },
})

export const listDueDates = defineCommand({
  name: 'due-dates list',
  operations: ['listDueDays'],
  summary: 'Lists how many days each severity leaves',
  usage: '',
  options: SERVER_OPTIONS,
  example: 'patchmesh due-dates list',
  async run({ options, show }) {
    const dueDays = await connect(options).exchange.call<DueDays[]>({ method: 'GET', path: ['due-days'] })
    return show(dueDays, () => dueLines(dueDays))
  },
})

const DAYS = { type: 'string', value: 'DAYS' } as const

export const setDueDates = defineCommand({
  name: 'due-dates set',
  operations: ['setDueDays'],
  summary: 'Says how many days each severity leaves',
  usage: '[--critical DAYS] [--high DAYS] [--medium DAYS] [--low DAYS]',
  options: {
    critical: { ...DAYS, about: 'for critical ones; none for no due date' },
    high: { ...DAYS, about: 'for high ones' },
    medium: { ...DAYS, about: 'for medium ones' },
    low: { ...DAYS, about: 'for low ones' },
    ...SERVER_OPTIONS,
  },
  example: 'patchmesh due-dates set --critical 7 --low none',
  async run({ options, show }) {
    const given = SEVERITIES.flatMap((severity) => {
      const text = options[severity]
      return text === undefined ? [] : [[severity, daysIn(severity, text)] as const]
    })
    if (given.length === 0) throw new UsageError('no severity is given, such as --critical 15')
    const body = Object.fromEntries(given)
    const dueDays = await connect(options).exchange.call<DueDays[]>({ method: 'PUT', path: ['due-days'], body })
    return show(dueDays, () => dueLines(dueDays))
  },
})

/** What was given of it; what was not is left to the API. */
export function advisoryOf({ severity, advisory, published, due }: AdvisoryValues): Record<string, string> {
  if (severity !== undefined && severity !== 'none' && !SEVERITIES.some((one) => one === severity))
    throw new UsageError(`--severity ${JSON.stringify(severity)} is none of ${SEVERITIES.join(', ')}, none`)
  return {
    ...(severity === undefined || severity === 'none' ? {} : { severity }),
    ...(advisory === undefined ? {} : { reference: advisory }),
    ...(published === undefined ? {} : { publishedAt: published }),
    ...(due === undefined ? {} : { dueAt: due }),
  }
}

function daysIn(severity: string, text: string): number | null {
  if (text === 'none') return null
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text)
  throw new UsageError(`--${severity} ${JSON.stringify(text)} is no number of days, and not none`)
}

function dueLines(dueDays: readonly DueDays[]): string[] {
  const rows = dueDays.map(({ severity, days }) => [severity, days === null ? 'no due date' : `after ${days} days`])
  return table(['SEVERITY', 'DUE'], rows, '')
}

function summaryLines(all: readonly ExposureSummary[]): string[] {
  return table(
    ['PATCH', 'SEVERITY', 'ORGANIZATION', ...COUNT_HEADINGS],
    all.flatMap((one) =>
      one.organizations.map((organization) => [
        ...[patchReference(one.patch), one.severity ?? '', organization.organization],
        ...countCells(organization),
      ]),
    ),
    'No appliance is without a patch that it must have.',
  )
}

const COUNT_HEADINGS = ['EXPOSED', 'SINCE (UTC)', 'DUE (UTC)', 'OVERDUE BY', 'JOINED LATE', 'NOT APPLICABLE', 'TOOK']

function countCells(counts: ExposureCounts): string[] {
  const { since, dueAt, endedAt, overdueSeconds, joinedLate, notApplicable, medianSeconds, longestSeconds } = counts
  return [
    exposedOf(counts),
    since === null ? (endedAt === null ? '' : `ended ${readableTime(endedAt)}`) : readableTime(since),
    dueAt === null ? '' : readableTime(dueAt),
    overdueSeconds === 0 ? '' : duration(overdueSeconds),
    joinedLate === 0 ? '' : String(joinedLate),
    notApplicable === 0 ? '' : String(notApplicable),
    medianSeconds === null || longestSeconds === null
      ? ''
      : `half ${duration(medianSeconds)}, the longest ${duration(longestSeconds)}`,
  ]
}

function detailLines(detail: ExposureDetail): string[] {
  const { patch, severity, reference, publishedAt, clockSince, clockDueAt, organizations, appliances, notMeant } =
    detail
  const advisory = reference === '' ? 'no advisory named' : reference
  const from = publishedAt === null ? 'its upload' : 'its advisory'
  const due = clockDueAt === null ? 'no due date' : `due ${readableTime(clockDueAt)} UTC`
  const exposed = appliances.map((one) => [
    ...[one.name, one.organization, one.dataCenter, one.role, readableTime(one.since)],
    one.overdueSeconds === 0 ? '' : duration(one.overdueSeconds),
    `${one.joinedLate ? 'joined later; ' : ''}${one.reason}`,
  ])
  const left = notMeant.map((one) => [one.name, one.organization, one.dataCenter, one.role, one.reason])
  return [
    printable(`${patchReference(patch)}, severity ${severity ?? 'not set'}, ${advisory}`),
    `the clock runs from ${from}, ${readableTime(clockSince)} UTC; ${due}`,
    '',
    ...table(
      ['ORGANIZATION', ...COUNT_HEADINGS],
      organizations.map((organization) => [organization.organization, ...countCells(organization)]),
      'There are no appliances.',
    ),
    ...(exposed.length === 0
      ? []
      : [
          '',
          ...table(['EXPOSED', 'ORGANIZATION', 'DATA CENTER', 'ROLE', 'SINCE (UTC)', 'OVERDUE BY', ''], exposed, ''),
        ]),
    ...(left.length === 0
      ? []
      : ['', ...table(['NOT APPLICABLE', 'ORGANIZATION', 'DATA CENTER', 'ROLE', ''], left, '')]),
  ]
}
