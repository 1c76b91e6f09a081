/**
 * One install in full, as lines for people.
 */
import type { InstallDetail } from '../core/views.ts'
import { leftInWords, progressSentences } from '../page/waves-words.ts'
import { NONE_FOUND, patchReference } from '../page/words.ts'
import { readableTime } from './quantities.ts'
import { printable, printableLines, table } from './terminal.ts'

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
