/**
 * Numbers of exposure clocks for Prometheus, one line of each for a patch that somebody is exposed without.
 */
import { Gauge, type Registry } from 'prom-client'
import { type ExposureSummary, exposureSummaries } from '../core/exposure/exposure-views.ts'
import type { ServiceCenterState } from '../core/state.ts'

export function addExposureMetrics(registry: Registry, state: ServiceCenterState): void {
  const registers = [registry]
  const open = exposureSummaries(state, 'open')
  const gauge = (name: string, help: string, value: (one: ExposureSummary) => number | null) =>
    new Gauge({
      ...{ name, help, labelNames: ['patch', 'severity'], registers },
      collect() {
        this.reset()
        for (const one of open) {
          const told = value(one)
          const { name: patch, version } = one.patch
          if (told !== null) this.set({ patch: `${patch}@${version}`, severity: one.severity ?? 'none' }, told)
        }
      },
    })
  gauge(
    'patchmesh_exposed_appliances',
    'Appliances that must have a patch and have it not, by patch and severity',
    ({ exposed }) => exposed,
  )
  gauge('patchmesh_overdue_appliances', 'Of them, those that are past their due date', ({ overdue }) => overdue)
  gauge('patchmesh_exposure_since_timestamp_seconds', 'When the first of them became exposed', ({ since }) =>
    seconds(since),
  )
  gauge(
    'patchmesh_exposure_due_timestamp_seconds',
    'When the first of them is due; not there where none is',
    ({ dueAt }) => seconds(dueAt),
  )
}

function seconds(iso: string | null): number | null {
  return iso === null ? null : Date.parse(iso) / 1000
}
