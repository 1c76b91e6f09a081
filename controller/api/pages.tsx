/**
 * The addresses of the pages. A page is rendered anew from the views at each request, the same for a person who opens it
 * and for the script that keeps an open one up to date.
 */
import type { Sha256 } from '../../protocol/identifiers.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { dataCenterViews, uplinkView } from '../core/data-centers.ts'
import { exposureDetail } from '../core/exposure/exposure-views.ts'
import { mesh } from '../core/mesh.ts'
import { namedPatch } from '../core/named-patch.ts'
import { nameOf } from '../core/patch-identity.ts'
import { listPatches } from '../core/patch-list.ts'
import { patchCopies, patchDetail } from '../core/patch-views.ts'
import { livePatches } from '../core/publishing.ts'
import { serviceProviderAppliances } from '../core/replications.ts'
import type { ServiceCenterState } from '../core/state.ts'
import { dataCenters, installDetail, installSummaries } from '../core/views.ts'
import { DataCentersPage } from '../page/data-centers-page.tsx'
import { InstallsPage } from '../page/installs-page.tsx'
import { PatchPage } from '../page/patch-page.tsx'
import { SystemPatchesPage } from '../page/system-patches.tsx'
import { DATA_CENTERS, INSTALLS, SYSTEM_PATCHES } from '../page/words.ts'
import type { App, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { DataCentersQuery } from './fleet-schemas.ts'
import { unknownDataCenter } from './patches.ts'
import { permitted } from './permitted.ts'
import { readQuery } from './read-request.ts'
import { InstallsPageQuery, ListQuery, PatchPageQuery } from './schemas.ts'
import { showPage } from './show-page.tsx'

const INSTALLS_PER_PAGE = 50
/** A drop-down of more is no help; others by their address. */
const OFFERED_PATCHES = 100

export function addPageRoutes(app: App, { log }: RouteDependencies): void {
  app.get('/', permitted('read'), (c) => c.redirect(SYSTEM_PATCHES, 303))

  app.get(SYSTEM_PATCHES, permitted('read'), (c) => {
    const shown = readQuery(c, ListQuery)
    if (isRefusal(shown)) return answerRefusal(c, shown, log)
    const { state, uploads } = c.var.serviceCenter
    const list = listPatches(state, shown)
    const opened = list.lines.filter(({ id }) => shown.open.includes(id))
    return showPage(
      c,
      <SystemPatchesPage
        list={list}
        shown={{ ...shown, page: list.page }}
        copies={new Map(opened.map(({ id }) => [id, patchCopies(state, id)]))}
        any={livePatches(state).length > 0}
        unreachable={unreachableDepots(state)}
        unfinished={uploads.of(c.var.visitor.actor)}
      />,
    )
  })

  app.get(`${SYSTEM_PATCHES}/:patch`, permitted('read'), (c) => {
    const query = readQuery(c, PatchPageQuery)
    if (isRefusal(query)) return answerRefusal(c, query, log)
    const { state } = c.var.serviceCenter
    const record = namedPatch(state, c.req.param('patch'))
    if (isRefusal(record)) return answerRefusal(c, record, log)
    const unknown = unknownDataCenter(state, query.dataCenter)
    if (unknown !== null) return answerRefusal(c, unknown, log)
    return showPage(
      c,
      <PatchPage
        patch={patchDetail(state, record, query.dataCenter)}
        installs={installsOf(state, record.sha256)}
        dataCenters={dataCenters(state)}
        shown={{ ...query, patch: nameOf(record) }}
        unreachable={unreachableDepots(state)}
        exposure={exposureDetail(state, record)}
      />,
    )
  })

  app.get(INSTALLS, permitted('read'), (c) => {
    const query = readQuery(c, InstallsPageQuery)
    if (isRefusal(query)) return answerRefusal(c, query, log)
    const all = installSummaries(c.var.serviceCenter.state)
    const pages = Math.max(1, Math.ceil(all.length / INSTALLS_PER_PAGE))
    const page = Math.min(query.page, pages)
    const installs = all.slice((page - 1) * INSTALLS_PER_PAGE, page * INSTALLS_PER_PAGE)
    return showPage(c, <InstallsPage installs={installs} total={all.length} page={page} pages={pages} />)
  })

  app.get(DATA_CENTERS, permitted('read'), (c) => {
    const { state } = c.var.serviceCenter
    const query = readQuery(c, DataCentersQuery)
    if (isRefusal(query)) return answerRefusal(c, query, log)
    const record = query.patch === '' ? null : namedPatch(state, query.patch)
    if (isRefusal(record)) return answerRefusal(c, record, log)
    const patches = livePatches(state).slice(0, OFFERED_PATCHES)
    return showPage(
      c,
      <DataCentersPage
        dataCenters={dataCenterViews(state)}
        uplink={uplinkView(state)}
        mesh={mesh(state, record?.sha256 ?? null)}
        patches={patches.map((patch) => ({ id: patch.sha256, ...nameOf(patch) }))}
        patch={record?.sha256 ?? ''}
        page={query.page}
      />,
    )
  })
}

function installsOf(state: ServiceCenterState, patch: Sha256) {
  return [...state.installs.values()]
    .filter((install) => install.patch === patch)
    .map((install) => installDetail(state, install))
    .reverse()
}

function unreachableDepots(state: ServiceCenterState): number {
  return serviceProviderAppliances(state).filter(({ peer }) => !state.sessions.has(peer)).length
}
