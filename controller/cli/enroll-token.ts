/**
 * `patchmesh enroll-token`: makes a place in the fleet and the token that lets one appliance take it, on the data
 * folder, whether the controller runs or not.
 */

import { outputOptions } from '../../agent/shell/command-line/output.ts'
import {
  ApplianceKind,
  ApplianceName,
  DataCenterName,
  GroupName,
  OrganizationName,
  Role,
} from '../../protocol/identifiers.ts'
import type { Slot } from '../core/records.ts'
import { issueToken } from '../shell/issue-token.ts'
import { defineCommand, parsed, required, UsageError } from './command.ts'
import { DATA_OPTION, namedData, withData } from './data-folder.ts'
import { enrollTopology } from './enroll-topology.ts'
import { noteHere } from './note-here.ts'

/** Where an appliance shall stand, or a file with the places of many. */
export const SLOT_OPTIONS = {
  'data-center': { type: 'string', value: 'NAME', about: 'where the appliance stands' },
  organization: { type: 'string', value: 'NAME', about: 'whose appliance it is' },
  kind: { type: 'string', value: 'WORD', about: 'service-provider, tenant, or another word that patches name' },
  role: { type: 'string', value: 'ROLE', about: 'primary or secondary of its pair' },
  name: { type: 'string', value: 'NAME', about: 'what it is called; unique in the fleet' },
  group: { type: 'string', value: 'NAME', about: 'its pair, where an organization has several there (default pair)' },
  from: { type: 'string', value: 'TOPOLOGY.yaml', about: 'make tokens for all appliances that this file describes' },
} as const

const OPTIONS = {
  ...DATA_OPTION,
  ...SLOT_OPTIONS,
  ...outputOptions('{"name","token","expiresAt"}, or with --from [{"name","token"}]'),
} as const

export const enrollToken = defineCommand({
  name: 'enroll-token',
  summary: 'Makes the token with which one new appliance enrolls, valid for an hour',
  usage:
    '--data DIR --data-center NAME --organization NAME --kind WORD --role primary|secondary --name NAME [--group NAME]\n' +
    '       patchmesh enroll-token --data DIR --from TOPOLOGY.yaml',
  options: OPTIONS,
  remarks: [
    'Organizations and Data Centers come into being with their first token. Enroll the Service Provider\n' +
      'appliances of a Data Center first: the others connect through them.',
    'With --from, names that are in use are skipped, and appliances whose depot has never been connected are left out,\n' +
      'since their token would have no address in it: connect the depots, then run the same command again for the rest.',
  ],
  example:
    'patchmesh enroll-token --data ./center --data-center Paris --organization Provider --kind service-provider ' +
    '--role primary --name paris-1',
  async run({ options, terminal, show }) {
    const data = await namedData(options.data)
    const file = topologyFile(options)
    if (file !== undefined) {
      return await withData(data, (opened) => enrollTopology(opened, file, { show, terminal }))
    }
    const slot = readSlot(options)
    return await withData(data, async (opened) => {
      const { token, expiresAt } = await issueToken(opened, slot)
      await noteHere(opened.repository, { action: 'issue-token', subject: slot.name, organization: slot.organization })
      const expires = new Date(expiresAt).toISOString()
      return show({ name: slot.name, token, expiresAt: expires }, () => [token])
    })
  },
})

const SLOT_OPTION_NAMES = ['data-center', 'organization', 'kind', 'role', 'name', 'group'] as const
type SlotOptions = Readonly<Record<(typeof SLOT_OPTION_NAMES)[number], string | undefined>>

/** The file with the places of many; undefined where the options say one place. */
export function topologyFile(options: SlotOptions & { readonly from: string | undefined }): string | undefined {
  if (options.from === undefined) return undefined
  const besides = SLOT_OPTION_NAMES.find((name) => options[name] !== undefined)
  if (besides !== undefined) throw new UsageError(`--from and --${besides} do not go together`)
  return required('from', options.from)
}

export function readSlot(options: SlotOptions): Slot {
  const role = required('role', options.role)
  if (!Role.safeParse(role).success) throw new UsageError(`--role is primary or secondary, not ${JSON.stringify(role)}`)
  return {
    dataCenter: parsed('data-center', required('data-center', options['data-center']), DataCenterName),
    organization: parsed('organization', required('organization', options.organization), OrganizationName),
    kind: parsed('kind', required('kind', options.kind), ApplianceKind),
    role: parsed('role', role, Role),
    name: parsed('name', required('name', options.name), ApplianceName),
    group: parsed('group', options.group ?? 'pair', GroupName),
  }
}
