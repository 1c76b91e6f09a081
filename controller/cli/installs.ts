/**
 * `patchmesh installs list|show|pause|resume|cancel`.
 */

import type { InstallDetail, InstallSummary } from '../core/views.ts'
import { leftInWords, progressSentences } from '../page/waves-words.ts'
import { NONE_FOUND, patchReference, whatCancelLeaves } from '../page/words.ts'
import { agreedOn, YES_OPTION } from './asking.ts'
import { defineCommand } from './command.ts'
import { readableTime } from './quantities.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable, printableLines, table } from './terminal.ts'

export const listInstalls = defineCommand({
  name: 'installs list',
  operations: ['listInstalls'],
  summary: 'Lists the installs',
  usage: '',
  options: SERVER_OPTIONS,
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
  options: SERVER_OPTIONS,
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
  usage: 'ID [--yes]',
  options: { ...YES_OPTION, ...SERVER_OPTIONS },
  example: 'patchmesh installs cancel 5f0c0e6a3c1b4d5e9f8a7b6c5d4e3f2a',
  async run({ options, operands: [id = ''], terminal, show }) {
    const client = connect(options)
    const agreed = await agreedOn(id, { yes: options.yes, terminal, nothing: 'Nothing was cancelled' }, async () => {
      const found = await client.install(id)
      const what = `the install of ${patchReference(found)} for ${found.organizations.join(', ')}`
      return { id, question: `${whatCancelLeaves(found)} Cancel ${what}?` }
    })
    if (agreed === null) return 1
    const install = await client.cancelInstall(agreed)
    return show(install, () => installLines(install))
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
  usage: 'ID [--retry-failed]',
  options: {
    'retry-failed': { type: 'boolean', about: 'also try again where it failed or was put back' },
    ...SERVER_OPTIONS,
  },
  remarks: [
    'One that has halted goes on where the patch is not installed now. Where it failed or was put back it is tried again\n' +
      'only with --retry-failed, and neither does the other member of that pair begin without.',
  ],
  example: 'patchmesh installs resume 5f0c0e6a3c1b4d5e9f8a7b6c5d4e3f2a --retry-failed',
  async run({ options, operands: [id = ''], show }) {
    const install = await connect(options).resumeInstall(id, options['retry-failed'] === true)
    return show(install, () => installLines(install))
  },
})

/** One install in full. */
export function installLines(install: InstallDetail): string[] {
  const { id, state, reason, installed, total, dataCenter, organizations, startedAt, startedBy, mixed, together } =
    install
  return [
    printable(`install ${id} of ${patchReference(install)}: ${state}${reason === '' ? '' : `, ${reason}`}`),
    printable(`${organizations.join(', ')} in ${dataCenter}, ${installed}/${total} installed`),
    printable(`started ${readableTime(startedAt)} UTC${startedBy === null ? '' : ` by ${startedBy}`}`),
    ...(together.length === 0
      ? []
      : [printable(`in one interruption of each pair: ${together.map(({ patch }) => patch).join(', then ')}`)]),
    ...mixed.map((pair) => printable(`mixed pair: ${pair}`)),
    ...progressSentences(install).map((text) => printable(text)),
    '',
    ...table(
      ['APPLIANCE', 'ORGANIZATION', 'DATA CENTER', 'ROLE', 'WAVE', 'STATE', 'HAS', 'TIME LEFT', ''],
      install.targets.map((target) => [
        target.appliance,
        target.organization,
        target.dataCenter,
        target.role,
        String(target.wave),
        target.state,
        target.installedVersion ?? NONE_FOUND,
        leftInWords(target),
        target.reason,
      ]),
      'It has no targets.',
    ),
    ...(install.joinedLater.length === 0
      ? []
      : ['', `Joined after start, not included (patchmesh installs extend ${id}):`]),
    ...install.joinedLater.map(({ appliance, organization: whose, dataCenter: place, role }) =>
      printable(`  ${appliance}, ${whose} in ${place}, ${role}`),
    ),
    ...install.targets
      .filter((target) => target.output !== '' && target.state !== 'installed')
      .flatMap(({ appliance, output }) => [
        '',
        printable(`${appliance} printed:`),
        ...printableLines(output.trimEnd()).map((line) => `  ${line}`),
      ]),
  ]
}

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
