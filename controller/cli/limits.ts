/**
 * `patchmesh limits list|set`: what patches may take of the WAN links. `set` changes what is named and leaves the rest
 * as it is.
 */
import type { ExitStatus } from '../../agent/shell/command-line/exit-status.ts'
import { type DataCenterLimits, QuietHoursText, type UplinkLimits } from '../core/data-centers.ts'
import { bitRate } from '../page/words.ts'
import { A_RATE, readRate } from '../topology/quantities.ts'
import { isAgreed, YES_OPTION } from './asking.ts'
import { defineCommand, parsed, type Show, UsageError } from './command.ts'
import { readableBytes } from './quantities.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { table } from './terminal.ts'

/** The value that lifts one limit. */
const NONE = 'none'

export const listLimits = defineCommand({
  name: 'limits list',
  operations: ['listDataCenters', 'showUplinkLimits'],
  summary: 'Lists what patches may take of each WAN link, and what came in over it',
  usage: '',
  options: SERVER_OPTIONS,
  example: 'patchmesh limits list',
  async run({ options, show }) {
    const client = connect(options)
    const [serviceCenter, dataCenters] = await Promise.all([client.uplinkLimits(), client.dataCenters()])
    const limits = dataCenters.map(({ name, limits, quietUntil, wanBytes }) => ({
      name,
      ...limits,
      quietUntil,
      wanBytes,
    }))
    const rows = limits.map((link) => [
      link.name,
      shownRate(link.downBitsPerSecond),
      ...shownUplink(link),
      link.trades ? 'yes' : 'no',
      readableBytes(link.wanBytes),
      link.quietUntil === null ? '' : `rests until ${link.quietUntil} UTC`,
    ])
    const uplink = ['(Service Center)', '', ...shownUplink(serviceCenter), '', '', '']
    const heading = ['DATA CENTER', 'DOWN', 'UP', 'QUIET HOURS (UTC)', 'TRADES', 'CAME IN', '']
    return show({ serviceCenter, dataCenters: limits }, () => table(heading, [uplink, ...rows], ''))
  },
})

const SET_OPTIONS = {
  'data-center': { type: 'string', value: 'NAME', about: 'the Data Center whose WAN link it is' },
  'service-center': { type: 'boolean', about: "the Service Center's own uplink, which has only --up and --quiet" },
  down: { type: 'string', value: 'RATE', about: 'at most so much into it, such as 20Mbit/s; none lifts it' },
  up: { type: 'string', value: 'RATE', about: 'at most so much out of it, such as 10Mbit/s; none lifts it' },
  quiet: {
    type: 'string',
    multiple: true,
    value: 'FROM-TO',
    about: 'nothing is transferred then, in UTC, such as 22:00-06:00; may be repeated; none lifts all of them',
  },
  trading: { type: 'boolean', about: 'let its appliances trade pieces with other Data Centers' },
  'no-trading': { type: 'boolean', about: 'no longer' },
  none: { type: 'boolean', about: 'lift all limits and quiet hours, and let it trade; asks' },
  ...YES_OPTION,
  ...SERVER_OPTIONS,
} as const

export const setLimits = defineCommand({
  name: 'limits set',
  operations: ['showDataCenterLimits', 'setDataCenterLimits', 'showUplinkLimits', 'setUplinkLimits'],
  summary: 'Changes what patches may take of a WAN link, at once',
  usage:
    '--data-center NAME [--down RATE] [--up RATE] [--quiet FROM-TO]... [--trading|--no-trading] [--none [--yes]]\n' +
    '       patchmesh limits set --service-center [--up RATE] [--quiet FROM-TO]... [--none [--yes]]',
  options: SET_OPTIONS,
  remarks: [
    'What is not named stays as it is; quiet hours that are named take the place of those before. Orders, reports and\n' +
      'receipts are never held up.',
  ],
  example: 'patchmesh limits set --data-center Paris --down 20Mbit/s --up 10Mbit/s --quiet 08:00-18:00',
  async run({ options, terminal, show }) {
    const { 'data-center': name, 'service-center': isServiceCenter = false } = options
    if ((name === undefined) !== isServiceCenter) throw new UsageError('give either --data-center or --service-center')
    const wanted = readWanted(options)
    const client = connect(options)
    const asking = { yes: options.yes, terminal, nothing: 'Nothing was lifted' }
    const whose = name === undefined ? "the Service Center's uplink" : `the link of ${name}`
    if (
      options.none === true &&
      !(await isAgreed(asking, `Lift all limits and quiet hours of ${whose}? Patches may fill it at once.`))
    )
      return 1
    if (name === undefined) {
      if (options['no-trading'] === true || options.trading === true || options.down !== undefined)
        throw new UsageError('the Service Center only sends: it has no --down, --trading or --no-trading')
      const { upBitsPerSecond, quietHours } = { ...(await client.uplinkLimits()), ...wanted }
      return printLimits(await client.setUplinkLimits({ upBitsPerSecond, quietHours }), show)
    }
    const limits = { ...(await client.dataCenterLimits(name)), ...wanted }
    return printLimits(await client.setDataCenterLimits(name, limits), show)
  },
})

type Given = {
  readonly down: string | undefined
  readonly up: string | undefined
  readonly quiet: string[] | undefined
  readonly trading: boolean | undefined
  readonly 'no-trading': boolean | undefined
  readonly none: boolean | undefined
}

/** Only what shall change. */
function readWanted({ down, up, quiet, trading, none, 'no-trading': noTrading }: Given): Partial<DataCenterLimits> {
  const others = { down, up, quiet, trading, 'no-trading': noTrading }
  const besides = Object.entries(others).find(([, value]) => value !== undefined)?.[0]
  if (none === true && besides !== undefined) throw new UsageError(`--none and --${besides} do not go together`)
  if (trading === true && noTrading === true) throw new UsageError('--trading and --no-trading do not go together')
  if (none === true) return { downBitsPerSecond: null, upBitsPerSecond: null, quietHours: [], trades: true }
  if (besides === undefined)
    throw new UsageError('nothing to set: give --down, --up, --quiet, --trading, --no-trading or --none')
  return {
    ...(down === undefined ? {} : { downBitsPerSecond: rateOf('down', down) }),
    ...(up === undefined ? {} : { upBitsPerSecond: rateOf('up', up) }),
    ...(quiet === undefined ? {} : { quietHours: quietHoursOf(quiet) }),
    ...(trading === undefined && noTrading === undefined ? {} : { trades: trading === true }),
  }
}

function rateOf(option: string, text: string): number | null {
  if (text === NONE) return null
  const rate = readRate(text)
  if (rate === null) throw new UsageError(`--${option} ${JSON.stringify(text)} is not ${A_RATE}, or ${NONE}`)
  return Math.round(rate)
}

function quietHoursOf(texts: readonly string[]): string[] {
  if (texts.length === 1 && texts[0] === NONE) return []
  return texts.map((text) => parsed('quiet', text, QuietHoursText))
}

function printLimits(limits: UplinkLimits | DataCenterLimits, show: Show): Promise<ExitStatus> {
  const [up, quiet] = shownUplink(limits)
  const link =
    'trades' in limits ? [`down ${shownRate(limits.downBitsPerSecond)}`, `trades ${limits.trades ? 'yes' : 'no'}`] : []
  return show(limits, () => [[...link, `up ${up}`, `quiet hours ${quiet}`].join('; ')])
}

function shownUplink({ upBitsPerSecond, quietHours }: UplinkLimits): [up: string, quiet: string] {
  return [shownRate(upBitsPerSecond), quietHours.length === 0 ? 'none' : quietHours.join(', ')]
}

function shownRate(bitsPerSecond: number | null): string {
  return bitsPerSecond === null ? 'no limit' : bitRate(bitsPerSecond)
}
