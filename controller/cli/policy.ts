/**
 * `patchmesh policy show|set`: the policy by which a fleet goes, and handing on another one that its owners have signed.
 */
import { POLICY_DOCUMENT } from '../../protocol/trust/policy.ts'
import { printDocument } from '../../protocol/trust/signed-document.ts'
import { askForPolicy, handOnPolicy } from './approvals-client.ts'
import { isAgreed, YES_OPTION } from './asking.ts'
import { defineCommand } from './command.ts'
import { readPolicy, signedNames } from './policy-file.ts'
import { policyLines } from './policy-lines.ts'
import { connect, SERVER_OPTIONS } from './service-center-client.ts'
import { printable } from './terminal.ts'

export const showPolicy = defineCommand({
  name: 'policy show',
  operations: ['showPolicy'],
  summary: 'Shows who has to approve installs, and how many appliances go by that',
  operands: ['[FILE]'],
  usage: '[FILE]',
  options: SERVER_OPTIONS,
  remarks: ['With FILE it shows the policy in that file, and asks no Service Center.'],
  example: 'patchmesh policy show',
  async run({ options, operands: [file], show }) {
    if (file !== undefined) {
      const document = await readPolicy(file)
      return show(document.stated, () => policyLines(document.stated, signedNames(document)))
    }
    const view = await askForPolicy(connect(options).exchange)
    return show(view, () => {
      const fleet = `fleet      ${view.fleet}`
      if (view.policy === null)
        return ['Nothing has to be approved: the key of the Service Center, which is online, decides alone.', fleet]
      const { holding, connected, later } = view.policy
      return [
        ...policyLines(view.policy, null),
        fleet,
        `held by    ${holding} of ${connected} appliances that are connected`,
        ...later.map((name) => printable(`${name} goes by a later policy: hand it on again with patchmesh policy set`)),
      ]
    })
  },
})

export const setPolicy = defineCommand({
  name: 'policy set',
  operations: ['setPolicy'],
  summary: 'Hands a signed policy on to all appliances',
  operands: ['FILE'],
  usage: 'FILE [--yes]',
  options: { ...YES_OPTION, ...SERVER_OPTIONS },
  remarks: [
    'The first one counts for good: from then on an appliance takes only what owners of its policy have signed, and no command of the\n' +
      'Service Center takes that back.',
  ],
  example: 'patchmesh policy set policy.json',
  async run({ options, operands: [file = ''], terminal, show }) {
    const document = await readPolicy(file)
    for (const line of policyLines(document.stated, signedNames(document))) terminal.tell(line)
    const question = 'Hand it on? Appliances go by it from then on, and only its owners can change it.'
    if (!(await isAgreed({ yes: options.yes, terminal, nothing: 'Nothing was changed' }, question))) return 1
    const view = await handOnPolicy(connect(options).exchange, printDocument(POLICY_DOCUMENT, document))
    return show(view, () => [`Policy ${view.policy?.version} is handed on to all appliances.`])
  },
})
