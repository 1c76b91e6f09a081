/**
 * `patchmesh windows list|set|remove`: when installs may begin, and when they may not. What a rule means, and whether it ever
 * comes, is decided by the Service Center.
 */

import type { WindowView } from '../core/windows/setting.ts'
import { MaintenanceWindow, scopeOf } from '../core/windows/window.ts'
import { type Asking, agreedOn, isAgreed, YES_OPTION } from './asking.ts'
import { defineCommand, required, UsageError } from './command.ts'
import { readableTime } from './quantities.ts'
import { connect, SERVER_OPTIONS, type ServiceCenterClient } from './service-center-client.ts'
import { printable, table } from './terminal.ts'

export const listWindows = defineCommand({
  name: 'windows list',
  operations: ['listWindows'],
  summary: 'Lists maintenance windows and blackouts, with the opening that is now or comes next',
  usage: '',
  options: SERVER_OPTIONS,
  example: 'patchmesh windows list',
  async run({ options, show }) {
    const windows = await connect(options).windows()
    const headings = ['NAME', 'KIND', 'OF', 'OPENS (UTC)', 'CLOSES (UTC)', 'COMES AGAIN', 'ZONE']
    const none = 'No maintenance window is set: installs begin as soon as somebody starts them.'
    return show(windows, () => table(headings, windows.map(row), none))
  },
})

export const setWindow = defineCommand({
  name: 'windows set',
  operations: ['listWindows', 'setWindow'],
  summary: 'Sets a maintenance window or a blackout, in place of the one of the same name',
  operands: ['NAME'],
  usage: `NAME --begins TIME --minutes N [--rule RULE] [--zone ZONE] [--organization NAME] [--data-center NAME] [--blackout] [--yes]`,
  options: {
    begins: { type: 'string', value: 'TIME', about: 'when it opens first, such as 2026-12-06T02:00' },
    minutes: { type: 'string', value: 'N', about: 'for how long it is open each time' },
    rule: { type: 'string', value: 'RULE', about: 'how it comes again, such as FREQ=WEEKLY;BYDAY=SU (default once)' },
    zone: { type: 'string', value: 'ZONE', about: 'of those times, such as Europe/Berlin (default UTC)' },
    organization: { type: 'string', value: 'NAME', about: 'for this organization (default all)' },
    'data-center': { type: 'string', value: 'NAME', about: 'in this Data Center (default all)' },
    blackout: { type: 'boolean', about: 'nothing begins in it, instead of in it alone' },
    ...YES_OPTION,
    ...SERVER_OPTIONS,
  },
  remarks: [
    'Of maintenance windows those count that name an appliance most closely: by organization and Data Center, by\n' +
      'organization, by Data Center, and then those of all. Of blackouts every one counts. A time of day that clocks skip\n' +
      'is not there that day, and a window is as long as it says on every night.',
  ],
  example:
    'patchmesh windows set sundays --begins 2026-12-06T02:00 --minutes 240 --rule "FREQ=WEEKLY;BYDAY=SU" --zone Europe/Berlin',
  async run({ options, operands: [name = ''], terminal, show }) {
    const window = windowOf(name, {
      ...{ begins: required('begins', options.begins), minutes: Number(required('minutes', options.minutes)) },
      ...{
        rule: options.rule ?? '',
        zone: options.zone ?? 'UTC',
        kind: options.blackout === true ? 'blackout' : 'window',
      },
      ...{ organization: options.organization ?? null, dataCenter: options['data-center'] ?? null },
    })
    const client = connect(options)
    const asking = { yes: options.yes, terminal, nothing: 'Nothing was changed' }
    if (!(await mayReplace(client, window.name, asking))) return 1
    const shown = await client.setWindow(window)
    const when =
      shown.opensAt === null ? '' : `, ${shown.isOpen ? 'open since' : 'opens on'} ${readableTime(shown.opensAt)} UTC`
    return show(shown, () => [printable(`${shown.name} is set${when}.`)])
  },
})

export const removeWindow = defineCommand({
  name: 'windows remove',
  operations: ['listWindows', 'removeWindow'],
  summary: 'Removes a maintenance window or a blackout',
  operands: ['NAME'],
  usage: `NAME [--yes]`,
  options: { ...YES_OPTION, ...SERVER_OPTIONS },
  example: 'patchmesh windows remove sundays',
  async run({ options, operands: [name = ''], terminal, show }) {
    const client = connect(options)
    const agreed = await agreedOn(name, { yes: options.yes, terminal, nothing: 'Nothing was removed' }, async () => {
      const found = (await client.windows()).find((window) => window.name === name)
      if (found === undefined) return undefined
      return { id: name, question: `Remove ${name}? It holds no install of ${scopeOf(found)} any more.` }
    })
    if (agreed === null) return 1
    const done = await client.removeWindow(agreed)
    return show(done, () => [printable(`${name} is removed.`)])
  },
})

/** The first of its name takes nothing away. */
async function mayReplace(client: ServiceCenterClient, name: string, asking: Asking): Promise<boolean> {
  if (asking.yes === true) return true
  const before = (await client.windows()).find((window) => window.name === name)
  return (
    before === undefined ||
    isAgreed(asking, `Replace ${name}, which is set for ${scopeOf(before)}? Who waits for it waits for the new one.`)
  )
}

function windowOf(name: string, given: object): MaintenanceWindow {
  const read = MaintenanceWindow.safeParse({ name, ...given })
  if (read.success) return read.data
  const [issue] = read.error.issues
  throw new UsageError(`--${String(issue?.path[0] ?? 'name')} ${issue?.message ?? 'is wrong'}`)
}

function row(window: WindowView): string[] {
  const { name, kind, opensAt, closesAt, rule, zone, isOpen } = window
  const opens = opensAt === null ? 'never again' : `${readableTime(opensAt)}${isOpen ? ' (now)' : ''}`
  const closes = closesAt === null ? '' : readableTime(closesAt)
  return [name, kind, scopeOf(window), opens, closes, rule === '' ? 'once' : rule, zone]
}
