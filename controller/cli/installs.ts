/**
 * `patchmesh installs list|show|pause|resume|cancel`.
 */

import type { InstallSummary } from '../core/views.ts'
import { patchReference, whatCancelLeaves } from '../page/words.ts'
import { agreedOn, YES_OPTION } from './asking.ts'
import { defineCommand, WATCH_OPTION } from './command.ts'
import { endingOf } from './install-ends.ts'
import { installLines } from './install-lines.ts'
import { readableTime } from './quantities.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { table } from './terminal.ts'
import { WAIT_USAGE, waitOptions } from './waiting.ts'

export const listInstalls = defineCommand({
  name: 'installs list',
  operations: ['listInstalls'],
  summary: 'Lists the installs',
  usage: '',
  options: { ...WATCH_OPTION, ...SERVER_OPTIONS },
  example: 'patchmesh installs list',
  async run({ options, show }) {
    const installs = await connect(options).installs()
    return show(installs, () => installTable(installs))
  },
})

export const showInstall = defineCommand({
  name: 'installs show',
  operations: ['showInstall'],
  summary: 'Shows one install and each appliance it installs on',
  operands: ['ID'],
  usage: 'ID',
  options: { ...WATCH_OPTION, ...SERVER_OPTIONS },
  example: 'patchmesh installs show 5f0c0e6a3c1b4d5e9f8a7b6c5d4e3f2a',
  async run({ options, operands: [id = ''], show }) {
    const install = await connect(options).install(id)
    return show(install, () => installLines(install))
  },
})

export const cancelInstall = defineCommand({
  name: 'installs cancel',
  operations: ['showInstall', 'cancelInstall'],
  summary: 'Lets no pair of an install begin any more; those that have begun are finished',
  operands: ['ID'],
  usage: `ID [--yes] ${WAIT_USAGE}`,
  options: { ...YES_OPTION, ...waitOptions('those that have begun have ended'), ...SERVER_OPTIONS },
  example: 'patchmesh installs cancel 5f0c0e6a3c1b4d5e9f8a7b6c5d4e3f2a',
  async run({ options, operands: [id = ''], terminal, show }) {
    const client = connect(options)
    const end = endingOf(options, { client, terminal, show, wanted: 'cancelled' })
    const agreed = await agreedOn(id, { yes: options.yes, terminal, nothing: 'Nothing was cancelled' }, async () => {
      const found = await client.install(id)
      const what = `the install of ${patchReference(found)} for ${found.organizations.join(', ')}`
      return { id, question: `${whatCancelLeaves(found)} Cancel ${what}?` }
    })
    if (agreed === null) return 1
    return end(await client.cancelInstall(agreed))
  },
})

export const pauseInstall = defineCommand({
  name: 'installs pause',
  operations: ['pauseInstall'],
  summary: 'Lets no pair of an install begin until it is resumed',
  operands: ['ID'],
  usage: 'ID',
  options: SERVER_OPTIONS,
  remarks: [
    'Pairs that have begun are finished. What has not begun ends as cancelled where nobody resumes it within seven days.',
  ],
  example: 'patchmesh installs pause 5f0c0e6a3c1b4d5e9f8a7b6c5d4e3f2a',
  async run({ options, operands: [id = ''], show }) {
    const install = await connect(options).pauseInstall(id)
    return show(install, () => installLines(install))
  },
})

export const resumeInstall = defineCommand({
  name: 'installs resume',
  operations: ['resumeInstall'],
  summary: 'Lets an install go on that was paused, or that has halted',
  operands: ['ID'],
  usage: `ID [--retry-failed] ${WAIT_USAGE}`,
  options: {
    'retry-failed': { type: 'boolean', about: 'also try again where it failed or was put back' },
    ...waitOptions('it has ended'),
    ...SERVER_OPTIONS,
  },
  remarks: [
    'One that has halted goes on where the patch is not installed now. Where it failed or was put back it is tried again\n' +
      'only with --retry-failed, and neither does the other member of that pair begin without.',
  ],
  example: 'patchmesh installs resume 5f0c0e6a3c1b4d5e9f8a7b6c5d4e3f2a --retry-failed',
  async run({ options, operands: [id = ''], terminal, show }) {
    const client = connect(options)
    const end = endingOf(options, { client, terminal, show, wanted: 'done' })
    return end(await client.resumeInstall(id, options['retry-failed'] === true))
  },
})

function installTable(installs: readonly InstallSummary[]): string[] {
  return table(
    ['ID', 'PATCH', 'STATE', 'INSTALLED', 'ORGANIZATIONS', 'DATA CENTER', 'STARTED (UTC)', ''],
    installs.map((install) => [
      install.id,
      patchReference(install),
      install.state,
      `${install.installed}/${install.total}`,
      install.organizations.join(', '),
      install.dataCenter,
      readableTime(install.startedAt),
      install.mixed.length === 0 ? install.reason : `MIXED: ${install.mixed.join('; ')}`,
    ]),
    'There are no installs.',
  )
}
