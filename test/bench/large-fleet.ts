/**
 * A large fleet in this process: records as they would be after months, put into the database and the state at once. What
 * happens afterwards goes the usual way.
 */
import type { Change } from '../../controller/core/records.ts'
import { apply } from '../../controller/core/state.ts'
import { sha256 } from '../../protocol/hashing.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { signingKeyFromSeed } from '../../protocol/trust/envelope.ts'
import { emptyFleet, type Fleet } from '../support/fleet-fixtures.ts'
import { type SlotText, slotOf } from '../support/fleet-slots.ts'

export type Extent = {
  appliances: number
  organizations: number
  dataCenters: number
  patches: number
  detected: number
}
export type LargeFleet = { fleet: Fleet; patches: Sha256[]; tenants: string[] }

/** Of the newest `detected` patches every tenant appliance has said what it has; all are replicated almost everywhere. */
export async function largeFleet(extent: Extent): Promise<LargeFleet> {
  const fleet = await emptyFleet()
  const { serviceCenter, repository } = fleet
  const patches: Sha256[] = []
  for (let number = 0; number < extent.patches; number++)
    patches.push(await fleet.publish({ name: `patch-${number % 50}`, version: `1.${Math.floor(number / 50)}.0` }))
  const { state } = serviceCenter
  // Nobody looks into the envelopes of what is only counted.
  const envelope = [...state.patches.values()][0]?.envelope
  if (envelope === undefined) throw new Error('a large fleet has at least one patch')
  const appliances = slots(extent).map((slot, number): Extract<Change, { table: 'appliances' }> => {
    const { peer } = signingKeyFromSeed(sha256(Buffer.from(slot.name)))
    const enrolledAt = 1_780_000_000_000 + number
    const times = {
      enrolledAt,
      membershipAt: enrolledAt,
      lastSeenAt: 1_790_000_000_000,
      retiredAt: null,
      lookedAt: 0,
      ledgerLostAt: 0,
      ledgerLostCounter: 0,
      lookedCounter: 0,
      heldAt: null,
    }
    const row = { ...slotOf(slot), peer, epoch: 1, membership: envelope, addresses: [], orderSequence: 0, ...times }
    return { table: 'appliances', row }
  })
  await repository.commit(appliances)
  for (const change of appliances) apply(state, change)
  for (const [number, { row }] of appliances.entries()) {
    if (number % 50 !== 7)
      state.sessions.set(row.peer, {
        via: row.peer,
        membershipAt: row.membershipAt,
        rosterVersion: 0,
        known: new Set(),
        silenceMs: 30_000,
        sent: new Set(),
        takenBack: new Set(),
        copiesAhead: new Set(),
        ...{ policySent: 0, policyHeld: 0 },
      })
    for (const [age, sha256] of patches.toReversed().entries()) {
      if (row.kind === 'service-provider' && (number + age) % 97 !== 0)
        apply(state, {
          table: 'receipts',
          row: {
            ...{ peer: row.peer, sha256, epoch: 1, verifiedAt: 0, counter: 1, wrong: '', envelope: row.membership },
            ...{ mendedAt: null, mendedWrong: '' },
          },
        })
      if (row.kind === 'tenant' && age < extent.detected) {
        const result =
          (number + age) % 9 === 0 ? 'notApplicable' : (number + age) % 3 === 0 ? 'applicable' : 'installed'
        const found = { counter: 0, result, installedVersion: '1.0', reason: '', detectedAt: 0 } as const
        apply(state, {
          table: 'detections',
          row: { peer: row.peer, sha256, ...found, satisfiedSince: result === 'installed' ? 0 : null },
        })
      }
    }
  }
  const tenants = appliances.flatMap(({ row }) => (row.kind === 'tenant' ? [row.name] : []))
  return { fleet, patches, tenants }
}

/** A pair of Service Provider appliances in each Data Center; the rest are pairs of the organizations, spread over them. */
function slots({ appliances, organizations, dataCenters }: Extent): SlotText[] {
  const role = (number: number) => (number % 2 === 0 ? 'primary' : 'secondary')
  const padded = (number: number) => String(number).padStart(4, '0')
  return Array.from({ length: appliances }, (_, number): SlotText => {
    const pair = Math.floor(number / 2)
    if (pair < dataCenters) {
      const dataCenter = `dc-${padded(pair)}`
      const name = `${dataCenter}-${role(number)}`
      return { name, organization: 'Provider', dataCenter, kind: 'service-provider', role: role(number) }
    }
    const organization = `org-${padded(pair % organizations)}`
    const dataCenter = `dc-${padded(Math.floor(pair / organizations) % dataCenters)}`
    return {
      ...{ name: `${organization}-${padded(pair)}-${role(number)}`, organization, dataCenter, kind: 'tenant' },
      ...{ role: role(number), group: `pair ${pair}` },
    }
  })
}
