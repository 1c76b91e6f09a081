/**
 * A maintenance window, in which installs may begin, or a blackout, in which none may: for an organization, a Data Center,
 * both or everything; from when, for how long, and how it comes again, as an iCalendar rule in a time zone (RFC 5545,
 * "Recurrence Rule"). What could be understood in two ways is refused here, and what comes never in judging.ts.
 */
import { z } from 'zod'
import { DataCenterName, OrganizationName, WindowName } from '../../../protocol/identifiers.ts'

const MAX_RULE_CHARACTERS = 200
/** A month; what lasts longer is set as several. */
const MAX_MINUTES = 31 * 24 * 60
/** The library counts through all of them. */
const MAX_COUNT = 1_000
const MAX_INTERVAL = 1_000

const NUMBERS = /^-?\d{1,3}(,-?\d{1,3}){0,40}$/
/** The time of day is that of `begins`, so the parts that would change it are not taken. */
const PARTS: Readonly<Record<string, RegExp>> = {
  FREQ: /^(YEARLY|MONTHLY|WEEKLY|DAILY|HOURLY|MINUTELY)$/,
  INTERVAL: /^[1-9]\d{0,3}$/,
  COUNT: /^[1-9]\d{0,3}$/,
  UNTIL: /^\d{8}T\d{6}Z$/,
  BYDAY: /^[+-]?\d{0,2}(MO|TU|WE|TH|FR|SA|SU)(,[+-]?\d{0,2}(MO|TU|WE|TH|FR|SA|SU)){0,20}$/,
  BYMONTHDAY: NUMBERS,
  BYMONTH: NUMBERS,
  BYSETPOS: NUMBERS,
  WKST: /^(MO|TU|WE|TH|FR|SA|SU)$/,
}

/** What is wrong with a rule by its form, or null. */
function faultOf(rule: string): string | null {
  if (rule === '') return null
  const parts = rule.split(';').map((part) => part.split('='))
  const names = parts.map(([name = '']) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) return `has ${twice} twice`
  for (const [name = '', value = '', ...more] of parts) {
    const pattern = PARTS[name]
    if (pattern === undefined) return `has the part ${name}, which is none of ${Object.keys(PARTS).join(', ')}`
    if (more.length > 0 || !pattern.test(value)) return `has a value for ${name} that is none`
  }
  const value = (wanted: string): number => Number(parts.find(([name]) => name === wanted)?.[1] ?? 0)
  if (!names.includes('FREQ')) return 'does not begin with FREQ='
  if (names.includes('COUNT') && names.includes('UNTIL')) return 'has both COUNT and UNTIL'
  if (value('COUNT') > MAX_COUNT) return `comes more than ${MAX_COUNT} times: leave COUNT out, or give UNTIL`
  return value('INTERVAL') > MAX_INTERVAL ? `has an INTERVAL above ${MAX_INTERVAL}` : null
}

export const RecurrenceRule = z
  .string()
  .max(MAX_RULE_CHARACTERS)
  .transform((rule) =>
    rule
      .trim()
      .toUpperCase()
      .replace(/^RRULE:/, ''),
  )
  .superRefine((rule, context) => {
    const fault = faultOf(rule)
    if (fault !== null) context.addIssue({ code: 'custom', message: fault })
  })

export const MaintenanceWindow = z.strictObject({
  name: WindowName,
  kind: z.enum(['window', 'blackout']),
  /** Null for all of them. */
  organization: OrganizationName.nullable(),
  dataCenter: DataCenterName.nullable(),
  /** The first time that it may open, by the clocks of its zone. */
  begins: z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}$/, 'is not written like 2026-12-06T02:00'),
  /** A name of the IANA time zone database. */
  zone: z
    .string()
    .regex(/^[A-Z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/, 'is no name such as Europe/Berlin')
    .max(64),
  /** Empty for once. */
  rule: RecurrenceRule,
  minutes: z.int().min(1).max(MAX_MINUTES),
})
export type MaintenanceWindow = z.infer<typeof MaintenanceWindow>

/** `acme in dc1`, as it follows on "of". */
export function scopeOf({ organization, dataCenter }: Pick<MaintenanceWindow, 'organization' | 'dataCenter'>): string {
  if (organization === null) return dataCenter ?? 'every organization'
  return dataCenter === null ? organization : `${organization} in ${dataCenter}`
}
