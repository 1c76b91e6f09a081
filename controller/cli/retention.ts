/**
 * `patchmesh retention show|set` and `patchmesh patches pin|unpin`: which patches stay and why, how many versions are kept,
 * and which are kept whatever their version.
 */
import type { RetainedPatch, RetentionView } from '../core/retention/retention-views.ts'
import { patchReference, retentionRule } from '../page/words.ts'
import { defineCommand, required, UsageError } from './command.ts'
import { plural, readableBytes } from './quantities.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable, table } from './terminal.ts'

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
  operations: ['setRetention'],
  summary: 'Says how many versions of each patch are kept',
  usage: '--keep NUMBER',
  options: { keep: { ...KEEP, about: 'of the newest of each name, or all' }, ...SERVER_OPTIONS },
  remarks: [
    'What is left over is withdrawn at the next look, within an hour. Try a number with retention show --keep.',
  ],
  example: 'patchmesh retention set --keep 3',
  async run({ options, show }) {
    const body = { keepNewest: numberIn(required('keep', options.keep)) }
    const view = await connect(options).exchange.call<RetentionView>({ method: 'PUT', path: ['retention'], body })
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
  operations: ['unpinPatch'],
  summary: 'Keeps a patch no longer than any other',
  operands: ['PATCH'],
  usage: 'PATCH',
  options: SERVER_OPTIONS,
  example: 'patchmesh patches unpin example@1.0.0',
  async run({ options, operands: [patch = ''], show }) {
    const path = ['patches', patch, 'pin']
    const view = await connect(options).exchange.call<RetentionView>({ method: 'DELETE', path, body: {} })
    return show(view, () => [printable(`${patch} is pinned no more`)])
  },
})

function numberIn(text: string): number | null {
  if (text === 'all') return null
  if (/^[1-9]\d{0,2}$/.test(text)) return Number(text)
  throw new UsageError(`--keep ${JSON.stringify(text)} is no number from 1 to 999, and not all`)
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
