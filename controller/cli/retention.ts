/**
 * `patchmesh retention show|set` and `patchmesh patches pin|unpin`: which patches stay and why, how many versions are kept,
 * and which are kept whatever their version.
 */
import { MAX_KEPT_VERSIONS } from '../core/retention/retention.ts'
import type { RetainedPatch, RetentionView } from '../core/retention/retention-views.ts'
import { listed, patchReference, retentionRule } from '../page/words.ts'
import { type Asking, isAgreed, YES_OPTION } from './asking.ts'
import { defineCommand, required, UsageError } from './command.ts'
import { plural, readableBytes } from './quantities.ts'
import { connect, SERVER_OPTIONS, type ServiceCenterClient } from './service-center-client.ts'
import { printable, table } from './terminal.ts'

const MOST_NAMES = 3
const KEEP = { type: 'string', value: 'NUMBER' } as const

export const showRetention = defineCommand({
  name: 'retention show',
  operations: ['showRetention'],
  summary: 'Shows which patches stay, why, and which are let go',
  usage: '[--keep NUMBER]',
  options: { keep: { ...KEEP, about: 'what this number would do; nothing is changed' }, ...SERVER_OPTIONS },
  remarks: [
    'What is installed, being installed, a baseline, pinned, needed by a patch that stays, or a day old at most, stays\n' +
      'whatever the number.',
  ],
  example: 'patchmesh retention show --keep 2',
  async run({ options, show }) {
    const { keep } = options
    const query = { keepNewest: keep === undefined ? undefined : String(numberIn(keep) ?? 'all') }
    const view = await connect(options).exchange.call<RetentionView>({ method: 'GET', path: ['retention'], query })
    return show(view, () => viewLines(view))
  },
})

export const setRetention = defineCommand({
  name: 'retention set',
  operations: ['showRetention', 'setRetention'],
  summary: 'Says how many versions of each patch are kept',
  usage: '--keep NUMBER [--yes]',
  options: { keep: { ...KEEP, about: 'of the newest of each name, or all' }, ...YES_OPTION, ...SERVER_OPTIONS },
  remarks: [
    'What is left over is withdrawn at the next look, within an hour. Try a number with retention show --keep.',
  ],
  example: 'patchmesh retention set --keep 3',
  async run({ options, terminal, show }) {
    const body = { keepNewest: numberIn(required('keep', options.keep)) }
    const client = connect(options)
    const asking = { yes: options.yes, terminal, nothing: 'Nothing was set' }
    if (!(await mayLetGo(client, body.keepNewest, asking))) return 1
    const view = await client.exchange.call<RetentionView>({ method: 'PUT', path: ['retention'], body })
    return show(view, () => viewLines(view))
  },
})

export const pinPatch = defineCommand({
  name: 'patches pin',
  operations: ['pinPatch'],
  summary: 'Keeps a patch, whatever its version',
  operands: ['PATCH'],
  usage: 'PATCH [--reason TEXT]',
  options: { reason: { type: 'string', value: 'TEXT', about: 'why, for whoever looks later' }, ...SERVER_OPTIONS },
  example: 'patchmesh patches pin example@1.0.0 --reason "what the auditors look at"',
  async run({ options, operands: [patch = ''], show }) {
    const body = options.reason === undefined ? {} : { reason: options.reason }
    const path = ['patches', patch, 'pin']
    const view = await connect(options).exchange.call<RetentionView>({ method: 'PUT', path, body })
    return show(view, () => [printable(`${patch} is kept until somebody unpins it`)])
  },
})

export const unpinPatch = defineCommand({
  name: 'patches unpin',
  operations: ['showRetention', 'unpinPatch'],
  summary: 'Keeps a patch no longer than any other',
  operands: ['PATCH'],
  usage: 'PATCH [--yes]',
  options: { ...YES_OPTION, ...SERVER_OPTIONS },
  example: 'patchmesh patches unpin example@1.0.0',
  async run({ options, operands: [patch = ''], terminal, show }) {
    const client = connect(options)
    const asking = { yes: options.yes, terminal, nothing: 'It stays pinned' }
    if (!(await mayUnpin(client, patch, asking))) return 1
    const path = ['patches', patch, 'pin']
    const view = await client.exchange.call<RetentionView>({ method: 'DELETE', path, body: {} })
    return show(view, () => [printable(`${patch} is pinned no more`)])
  },
})

/** A number that lets nothing go takes nothing away. */
async function mayLetGo(client: ServiceCenterClient, keepNewest: number | null, asking: Asking): Promise<boolean> {
  if (asking.yes === true) return true
  const query = { keepNewest: String(keepNewest ?? 'all') }
  const view = await client.exchange.call<RetentionView>({ method: 'GET', path: ['retention'], query })
  const gone = view.patches.filter(({ stays }) => !stays).map(patchReference)
  if (gone.length === 0) return true
  const more = gone.length - MOST_NAMES
  const names = more > 0 ? `${gone.slice(0, MOST_NAMES).join(', ')} and ${more} more` : listed(gone)
  const then = `${readableBytes(view.leftOverBytes)} are deleted on each of ${plural(view.holders, 'disk')}`
  return isAgreed(asking, `Withdraw ${names} within an hour? ${then}, and later versions go by the same number.`)
}

/** Where all versions are kept a pin keeps nothing. */
async function mayUnpin(client: ServiceCenterClient, patch: string, asking: Asking): Promise<boolean> {
  if (asking.yes === true) return true
  const { keepNewest } = await client.exchange.call<RetentionView>({ method: 'GET', path: ['retention'] })
  const then = 'It is withdrawn within an hour unless something else keeps it.'
  return keepNewest === null || isAgreed(asking, `Unpin ${patch}? ${then}`)
}

function numberIn(text: string): number | null {
  if (text === 'all') return null
  if (/^[1-9]\d{0,3}$/.test(text) && Number(text) <= MAX_KEPT_VERSIONS) return Number(text)
  throw new UsageError(`--keep ${JSON.stringify(text)} is no number from 1 to ${MAX_KEPT_VERSIONS}, and not all`)
}

function viewLines(view: RetentionView): string[] {
  const { patches, keptBytes, leftOverBytes, holders } = view
  const tried = view.judgedBy === view.keepNewest ? [] : [`tried, and not set: ${retentionRule(view.judgedBy)}`]
  const gone = patches.filter(({ stays }) => !stays).length
  return [
    `${retentionRule(view.keepNewest)}${view.setBy === null ? '' : `, as ${printable(view.setBy)} has set`}`,
    ...tried,
    '',
    ...table(
      ['PATCH', 'SIZE', 'STAYS', 'WHY', 'ID'],
      patches.map((patch) => [
        ...[patchReference(patch), readableBytes(patch.bytes), patch.stays ? 'yes' : 'no'],
        ...[why(patch), patch.id],
      ]),
      'There are no patches.',
    ),
    '',
    `${readableBytes(keptBytes)} stay and ${readableBytes(leftOverBytes)} of ${plural(gone, 'version')} are let go, on each of ${plural(holders, 'disk')}`,
  ]
}

function why({ stays, reasons }: RetainedPatch): string {
  return stays ? reasons.join('; ') : 'nothing needs it any more'
}
