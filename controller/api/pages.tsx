/**
 * The addresses of the pages. A page is rendered anew from the views at each request, the same for a person who opens it
 * and for the script that keeps an open one up to date.
 */
import type { Sha256 } from '../../protocol/identifiers.ts'
import { SERVICE_PROVIDER } from '../../protocol/identifiers.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { dataCenterViews, uplinkView } from '../core/data-centers.ts'
import { appliancesInScope } from '../core/installing.ts'
import { mesh } from '../core/mesh.ts'
import { livePatches } from '../core/publishing.ts'
import type { ServiceCenterState } from '../core/state.ts'
import {
  applianceViews,
  dataCenters,
  installDetail,
  installPreview,
  patchDetail,
  patchSummaries,
} from '../core/views.ts'
import { ConfirmationPage } from '../page/confirmation-page.tsx'
import { DataCentersPage } from '../page/data-centers-page.tsx'
import { PatchPage } from '../page/patch-page.tsx'
import { SystemPatchesPage } from '../page/system-patches.tsx'
import { DATA_CENTERS, SYSTEM_PATCHES } from '../page/words.ts'
import type { App, AppDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { MeshQuery } from './fleet-schemas.ts'
import { namedPatch, unknownDataCenter } from './patches.ts'
import { readQuery } from './read-request.ts'
import { PreviewQuery, ScopeQuery } from './schemas.ts'

/** A drop-down of more is no help; others by their address. */
const OFFERED_PATCHES = 100

export function addPageRoutes(app: App, { serviceCenter: { state }, log }: AppDependencies): void {
  app.get('/', (c) => c.redirect(SYSTEM_PATCHES, 303))

  app.get(SYSTEM_PATCHES, (c) =>
    c.html(<SystemPatchesPage patches={patchSummaries(state)} unreachable={unreachableDepots(state)} />),
  )

  app.get(`${SYSTEM_PATCHES}/:patch`, (c) => {
    const query = readQuery(c, ScopeQuery)
    if (isRefusal(query)) return answerRefusal(c, query, log)
    const record = namedPatch(state, c.req.param('patch'))
    if (isRefusal(record)) return answerRefusal(c, record, log)
    const unknown = unknownDataCenter(state, query.dataCenter)
    if (unknown !== null) return answerRefusal(c, unknown, log)
    return c.html(
      <PatchPage
        patch={patchDetail(state, record, query.dataCenter)}
        installs={installsOf(state, record.sha256)}
        dataCenters={dataCenters(state)}
        dataCenter={query.dataCenter}
        unreachable={unreachableDepots(state)}
      />,
    )
  })

  app.get(DATA_CENTERS, (c) => {
    const query = readQuery(c, MeshQuery)
    if (isRefusal(query)) return answerRefusal(c, query, log)
    const record = query.patch === '' ? null : namedPatch(state, query.patch)
    if (isRefusal(record)) return answerRefusal(c, record, log)
    const patches = livePatches(state).slice(0, OFFERED_PATCHES)
    return c.html(
      <DataCentersPage
        dataCenters={dataCenterViews(state)}
        uplink={uplinkView(state)}
        mesh={mesh(state, record?.sha256 ?? null)}
        patches={patches.map(({ sha256: id, publication: { name, version } }) => ({ id, name, version }))}
        patch={record?.sha256 ?? ''}
      />,
    )
  })

  app.get(`${SYSTEM_PATCHES}/:patch/install`, (c) => {
    const query = readQuery(c, PreviewQuery)
    if (isRefusal(query)) return answerRefusal(c, query, log)
    const record = namedPatch(state, c.req.param('patch'))
    if (isRefusal(record)) return answerRefusal(c, record, log)
    const { organization: organizations, dataCenter } = query
    const scope = appliancesInScope(state, { organizations, dataCenter })
    if (isRefusal(scope)) return answerRefusal(c, scope, log)
    const preview = installPreview(state, record.sha256, scope, dataCenter)
    const queued = new Set<string>(preview.queued.map(({ appliance }) => appliance))
    const ready = scope.map(({ name }): string => name).filter((name) => !queued.has(name))
    const patch = patchDetail(state, record)
    return c.html(<ConfirmationPage {...{ patch, organizations, dataCenter, preview, ready }} />)
  })
}

function installsOf(state: ServiceCenterState, patch: Sha256) {
  return [...state.installs.values()]
    .filter((install) => install.patch === patch)
    .map((install) => installDetail(state, install))
    .reverse()
}

function unreachableDepots(state: ServiceCenterState): number {
  return applianceViews(state).filter(({ kind, reachable }) => kind === SERVICE_PROVIDER && !reachable).length
}
