/**
 * Numbers for Prometheus that somebody on call is woken by: who is away, what needs somebody, copies that are wrong, room
 * on disks, and what is good until a day. docs/prometheus/ has rules for them.
 */
import { Gauge, type Registry } from 'prom-client'
import { patchLines } from '../core/patch-list.ts'
import { livePatches } from '../core/publishing.ts'
import type { ApplianceRecord } from '../core/records.ts'
import type { ServiceCenterState } from '../core/state.ts'
import type { AppContext, RouteDependencies } from './context.ts'

type Value = readonly [labels: Readonly<Record<string, string>>, value: number]

export async function addAttentionMetrics(
  registry: Registry,
  c: AppContext,
  { machine, trailWatch, repository }: Pick<RouteDependencies, 'machine' | 'trailWatch' | 'repository'>,
): Promise<void> {
  const { state } = c.var.serviceCenter
  const add = (name: string, help: string, values: readonly Value[], labelNames: string[] = []) => {
    const gauge = new Gauge({ name, help, labelNames, registers: [registry] })
    // Without labels it begins as 0, which nobody has told.
    if (values.length === 0) return registry.removeSingleMetric(name)
    for (const [labels, value] of values) gauge.set(labels, value)
  }
  const byDataCenter = Map.groupBy(state.appliances.values(), ({ dataCenter }) => dataCenter)
  const each = (value: (appliances: readonly ApplianceRecord[]) => number | null): Value[] =>
    [...byDataCenter].flatMap(([name, appliances]) => {
      const told = value(appliances)
      return told === null ? [] : [[{ data_center: name }, told] as const]
    })
  add(
    'patchmesh_away_longest_seconds',
    'For how long the appliance is away that is away longest, by Data Center; 0 where none is',
    each((appliances) => longestAway(state, appliances)),
    ['data_center'],
  )
  add(
    'patchmesh_free_bytes_least',
    'Room left where patches are kept, on the appliance that has least, by Data Center',
    each((appliances) => least(appliances.flatMap(({ peer }) => state.accounts.get(peer)?.freeBytes ?? []))),
    ['data_center'],
  )
  add('patchmesh_clock_difference_most_seconds', 'How far the clock of an appliance is from ours at most, either way', [
    [{}, clockDifference(state)],
  ])
  const attention = patchLines(state).filter(({ condition }) => condition === 'attention').length
  add('patchmesh_patches_needing_attention', 'Patches that do not get on before somebody does something', [
    [{}, attention],
  ])
  const { wrong, mendedAt } = copiesFound(state)
  add('patchmesh_copies_wrong', 'Copies that are not what was signed any more, and wait to be mended', [[{}, wrong]])
  add(
    'patchmesh_copy_mended_timestamp_seconds',
    'When a copy was mended last that had not been right; not there if none ever was',
    mendedAt === null ? [] : [[{}, mendedAt / 1000]],
  )
  if (c.var.visitor.organizations !== null) return
  add('patchmesh_service_center_free_bytes', 'Room left on the disk of the Service Center', [[{}, machine.freeBytes()]])
  const until = machine.certificateUntil()
  add(
    'patchmesh_certificate_expiry_timestamp_seconds',
    'Until when the certificate of the page is good; not there without HTTPS of its own',
    until === null ? [] : [[{}, until / 1000]],
  )
  add(
    'patchmesh_publisher_expiry_timestamp_seconds',
    'Until when the keys of a publisher are good for new uploads',
    [...state.publishers.values()].map(({ name, expiresAt }) => [{ publisher: name }, Date.parse(expiresAt) / 1000]),
    ['publisher'],
  )
  const tokens = (await repository.people.access('api-token')).filter(({ expiresAt }) => expiresAt > state.clock.wallMs)
  add(
    'patchmesh_api_token_expiry_timestamp_seconds',
    'Until when the API tokens of a name are good; the one that reads this is among them',
    [...Map.groupBy(tokens, ({ name }) => name)].map(([name, same]) => [
      { token: name },
      Math.max(...same.map(({ expiresAt }) => expiresAt)) / 1000,
    ]),
    ['token'],
  )
  const { last } = trailWatch
  add(
    'patchmesh_trail_intact',
    'Whether the newest check of the trail found it as it was written: 1 or 0; not there before the first',
    last === null ? [] : [[{}, last.broken === null ? 1 : 0]],
  )
}

function longestAway(state: ServiceCenterState, appliances: readonly ApplianceRecord[]): number {
  const away = appliances.filter(({ peer }) => !state.sessions.has(peer))
  const since = least(away.map(({ lastSeenAt }) => lastSeenAt))
  return since === null ? 0 : Math.max(0, (state.clock.wallMs - since) / 1000)
}

function least(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((one, other) => Math.min(one, other))
}

function clockDifference({ accounts }: ServiceCenterState): number {
  let most = 0
  for (const { clockAheadMs } of accounts.values()) most = Math.max(most, Math.abs(clockAheadMs) / 1000)
  return most
}

/** Of patches that are live, on members and at the Service Center. */
function copiesFound(state: ServiceCenterState): { wrong: number; mendedAt: number | null } {
  let wrong = 0
  let mendedAt: number | null = null
  for (const { sha256 } of livePatches(state)) {
    if ((state.ownCopies.get(sha256)?.wrong ?? '') !== '') wrong += 1
    for (const [peer, receipt] of state.receipts.get(sha256) ?? []) {
      if (!state.appliances.has(peer)) continue
      if (receipt.wrong !== '') wrong += 1
      if (receipt.mendedAt !== null) mendedAt = Math.max(mendedAt ?? 0, receipt.mendedAt)
    }
  }
  return { wrong, mendedAt }
}
