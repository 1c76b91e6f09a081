/**
 * `patchmesh enroll-token`: makes a place in the fleet and the token that lets one appliance take it. It works on the
 * data folder, whether the controller runs or not. The place is judged and the token stored in one transaction, by the
 * same rules as the controller's.
 */
import { randomBytes } from 'node:crypto'
import {
  ApplianceKind,
  ApplianceName,
  DataCenterName,
  DialAddress,
  GroupName,
  OrganizationName,
  Role,
  SERVICE_PROVIDER,
} from '../../protocol/identifiers.ts'
import { MAX_ADDRESSES } from '../../protocol/limits.ts'
import { DialAddresses } from '../../protocol/messages.ts'
import { seededRandom } from '../../protocol/random.ts'
import { enrollingIdentity, printToken, proofKey, TOKEN_SECRET_BYTES } from '../../protocol/token.ts'
import { judgeSlot } from '../core/membership.ts'
import type { Change, Slot } from '../core/records.ts'
import { depotOf } from '../core/replications.ts'
import { apply, emptyState, type ServiceCenterState } from '../core/state.ts'
import { MESH_ADDRESSES_SETTING } from '../shell/ports.ts'
import { defineCommand, parsed, required, UsageError } from './command.ts'
import { DATA_OPTION, type OpenData, withData } from './data-folder.ts'

/** Time to carry it to the appliance, and no more: whoever finds it later has found nothing. */
const TOKEN_LIFETIME_MS = 60 * 60 * 1000

const OPTIONS = {
  ...DATA_OPTION,
  'data-center': { type: 'string', value: 'NAME', about: 'where the appliance stands' },
  organization: { type: 'string', value: 'NAME', about: 'whose appliance it is' },
  kind: { type: 'string', value: 'WORD', about: 'service-provider, tenant, or another word that patches name' },
  role: { type: 'string', value: 'ROLE', about: 'primary or secondary of its pair' },
  name: { type: 'string', value: 'NAME', about: 'what it is called; unique in the fleet' },
  group: { type: 'string', value: 'NAME', about: 'its pair, where an organization has several there (default pair)' },
  json: { type: 'boolean', about: 'print {"name","token","expiresAt"}' },
} as const

export const enrollToken = defineCommand({
  name: 'enroll-token',
  summary: 'Makes the token with which one new appliance enrolls, valid for an hour',
  usage:
    '--data DIR --data-center NAME --organization NAME --kind WORD --role primary|secondary --name NAME [--group NAME] [--json]',
  options: OPTIONS,
  remarks: [
    'Organizations and Data Centers come into being with their first token. Enroll the Service Provider\n' +
      'appliances of a Data Center first: the others connect through them.',
  ],
  example:
    'patchmesh enroll-token --data ./center --data-center Paris --organization Provider --kind service-provider ' +
    '--role primary --name paris-1',
  async run({ options, terminal }) {
    const data = required('data', options.data)
    const slot = readSlot(options)
    return await withData(data, async (opened) => {
      const { token, expiresAt } = await issue(opened, slot)
      const expires = new Date(expiresAt).toISOString()
      terminal.print(options.json === true ? JSON.stringify({ name: slot.name, token, expiresAt: expires }) : token)
      return 0
    })
  },
})

type SlotOptions = Readonly<
  Record<'data-center' | 'organization' | 'kind' | 'role' | 'name' | 'group', string | undefined>
>

function readSlot(options: SlotOptions): Slot {
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

async function issue({ authority, repository }: OpenData, slot: Slot): Promise<{ token: string; expiresAt: number }> {
  const secret = new Uint8Array(randomBytes(TOKEN_SECRET_BYTES))
  const issuedAt = Date.now()
  const expiresAt = issuedAt + TOKEN_LIFETIME_MS
  const meshAddresses = await repository.readSetting(MESH_ADDRESSES_SETTING)
  let dial: DialAddress[] = []
  const judge = (slots: readonly Change[]) => {
    const state = emptyState(authority, seededRandom(0))
    state.clock = { monotonicMs: 0, wallMs: issuedAt }
    for (const change of slots) apply(state, change)
    const refusal = judgeSlot(state, slot)
    if (refusal === null) dial = slot.kind === SERVICE_PROVIDER ? ofCenter(meshAddresses) : ofDepot(state, slot)
    return refusal
  }
  const enrollingPeer = enrollingIdentity(secret).peer
  await repository.issueToken(
    { ...slot, enrollingPeer, proofKey: proofKey(secret), issuedAt, expiresAt, usedBy: null },
    judge,
  )
  const root = authority.signing.peer
  return { token: printToken({ version: 1, dial, secret, root, serviceCenter: authority.mesh }), expiresAt }
}

function ofCenter(setting: string | undefined): DialAddress[] {
  if (setting === undefined) {
    throw new Error('The controller has never run on this folder, so its address is unknown: start it once first')
  }
  return DialAddresses.parse((JSON.parse(setting) as unknown[]).slice(0, 2 * MAX_ADDRESSES))
}

function ofDepot(state: ServiceCenterState, { dataCenter, name }: Slot): DialAddress[] {
  const dial = depotOf(state, dataCenter).flatMap(({ addresses, peer }) =>
    addresses.map((address) => DialAddress.parse(`${address}/p2p/${peer}`)),
  )
  if (dial.length > 0) return dial.slice(0, 2 * MAX_ADDRESSES)
  throw new Error(
    `No Service Provider appliance of ${dataCenter} has ever been connected, so there is no address for ${name} to dial: ` +
      'start their agents first',
  )
}
