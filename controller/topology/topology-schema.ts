/**
 * The shape of a topology file, before anything in it is expanded: what may be written where, and for each value what
 * was expected in its place. Every message is the end of a sentence that begins with the place and what was found there.
 */
import { z } from 'zod'
import { ApplianceKind, ApplianceName, GroupName, OrganizationName, Role } from '../../protocol/identifiers.ts'
import { A_DURATION, A_RATE, A_SHARE, A_SIZE, readDuration, readRate, readShare, readSize } from './quantities.ts'

/** More than the largest fleet that is planned for; a slip of the keyboard is more than this. */
export const MAX_DATA_CENTERS = 10_000
export const MAX_GROUP_APPLIANCES = 200
/** Stands for the number in names of which there are many. */
export const NUMBER_PLACE = '{n}'

const mapping = <const Shape extends z.core.$ZodLooseShape>(what: string, shape: Shape) =>
  z.strictObject(shape, {
    error: ({ code }) =>
      code === 'unrecognized_keys' ? `expected one of ${Object.keys(shape).join(', ')}` : `expected ${what}`,
  })

const listOf = <Item extends z.ZodType>(what: string, item: Item) =>
  z.array(item, { error: () => `expected ${what}` }).min(1, `expected ${what}, and at least one`)

const quantity = (read: (text: string) => number | null, expected: string) =>
  z.unknown().transform((value, context) => {
    const number = typeof value === 'string' ? read(value) : null
    if (number === null) context.addIssue({ code: 'custom', message: `expected ${expected}` })
    return number ?? z.NEVER
  })

const wholeNumber = (what: string, least: number, most: number) => {
  const error = `expected ${what}, a whole number from ${least} to ${most}`
  return z.int({ error }).min(least, error).max(most, error)
}

const text = (what: string) => z.string({ error: () => `expected ${what}` })
/** A name by the schema that the protocol has for it. */
const name = <Name extends z.ZodType<unknown, string>>(what: string, schema: Name) => text(what).pipe(schema)
const pattern = (what: string) => text(what).min(1, `expected ${what}`)

/** One of two shapes, chosen by what is there, so that what is wrong with it is told about the shape that was meant. */
const either = <First extends z.ZodType, Second extends z.ZodType>(
  isFirst: (value: unknown) => boolean,
  first: First,
  second: Second,
) =>
  z.unknown().transform((value, context): z.output<First> | z.output<Second> => {
    const result = (isFirst(value) ? first : second).safeParse(value)
    if (result.success) return result.data as z.output<First> | z.output<Second>
    for (const { message, path, ...issue } of result.error.issues) {
      const keys = issue.code === 'unrecognized_keys' ? issue.keys : undefined
      context.issues.push({ code: 'custom', message, path, input: value, params: { keys } })
    }
    return z.NEVER
  })

const rate = quantity(readRate, A_RATE)
const duration = quantity(readDuration, A_DURATION)
const disk = quantity(readSize, A_SIZE)
const count = wholeNumber('how many', 1, MAX_DATA_CENTERS)

const LinkText = mapping('a link such as { down: 100 Mbit/s, up: 50 Mbit/s }', {
  down: rate,
  up: rate,
  latency: duration.optional(),
  loss: quantity(readShare, A_SHARE).optional(),
  unavailable: listOf(
    'a list of windows such as [{ from: 30 s, for: 60 s }]',
    mapping('a window such as { from: 30 s, for: 60 s }', { from: duration, for: duration }),
  ).optional(),
})

const Members = either(
  (value) => !Array.isArray(value),
  wholeNumber('how many appliances, or a list of them', 1, MAX_GROUP_APPLIANCES),
  listOf(
    'a list of appliances',
    mapping('an appliance such as { name: paris-1, role: primary }', {
      name: name('the name of an appliance', ApplianceName),
      role: z.enum(Role.enum, { error: () => 'expected primary or secondary' }),
      disk: disk.optional(),
    }),
  ).max(MAX_GROUP_APPLIANCES, `expected at most ${MAX_GROUP_APPLIANCES} appliances`),
)

const TenantGroup = mapping('a group such as { organization: Acme, appliances: 2 }', {
  organization: name('the name of an organization', OrganizationName),
  kind: name('a kind of appliance such as tenant', ApplianceKind).optional(),
  group: name('the name of a group', GroupName).optional(),
  /** So many groups of two, in place of one group. */
  pairs: wholeNumber('how many pairs', 1, 1000).optional(),
  appliances: Members.optional(),
  disk: disk.optional(),
})

const DataCenterText = mapping('a Data Center such as { name: Paris, wan: { down: 100 Mbit/s, up: 50 Mbit/s } }', {
  name: pattern('the name of a Data Center'),
  count: count.optional(),
  wan: LinkText,
  disk: disk.optional(),
  serviceProvider: Members.optional(),
  tenants: either(
    (value) => typeof value === 'string',
    z.literal('all', { error: () => 'expected all, or a list of groups' }),
    listOf('all, or a list of groups such as [{ organization: Acme, appliances: 2 }]', TenantGroup),
  ).optional(),
})

const TenantName = either(
  (value) => typeof value === 'string',
  pattern('the name of an organization'),
  mapping(`an organization, or many such as { name: "org${NUMBER_PLACE}", count: 10 }`, {
    name: pattern('the name of an organization'),
    count: count.optional(),
  }),
)

export const TopologyText = mapping('a topology with organizations, serviceCenter and dataCenters', {
  organizations: mapping('organizations such as { provider: Provider, tenants: [Acme] }', {
    provider: name('the name of the Service Provider organization', OrganizationName),
    tenants: listOf('a list of organizations', TenantName).optional(),
  }),
  serviceCenter: LinkText,
  lan: rate.optional(),
  disk: disk.optional(),
  dataCenters: listOf('a list of Data Centers', DataCenterText),
})

export type TopologyText = z.output<typeof TopologyText>
export type LinkText = z.output<typeof LinkText>
export type DataCenterText = z.output<typeof DataCenterText>
export type Members = z.output<typeof Members>
