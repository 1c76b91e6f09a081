/**
 * The Service Center's REST API as a client sees it: one method a request, each with the values of
 * controller/core/views.ts. How an exchange can fail is in exchange.ts.
 */
import path from 'node:path'
import { outputOptions } from '../../agent/shell/command-line/output.ts'
import type { Publisher } from '../../protocol/trust/publishers.ts'
import type { UnfinishedUpload } from '../api/schemas.ts'
import type {
  AccountView,
  NewLink,
  NewPerson,
  PasskeyView,
  PersonView,
  SessionView,
  TokenView,
  TrailPage,
  TrailVerification,
} from '../core/access-views.ts'
import type { ApplianceDetail, InventoryRow, OpenToken, ShownToken } from '../core/appliance-views.ts'
import type { BaselineView } from '../core/baselines/baseline-views.ts'
import type { DataCenterLimits, DataCenterView, UplinkLimits } from '../core/data-centers.ts'
import type { Mesh } from '../core/mesh.ts'
import type { PatchLine } from '../core/patch-list.ts'
import type { PatchDetail, PatchSummary } from '../core/patch-views.ts'
import type { PublisherView } from '../core/publishers.ts'
import type { Slot } from '../core/records.ts'
import type { InstallPlan } from '../core/rollout/install-plan.ts'
import type { InstallDetail, InstallPreview, InstallSummary } from '../core/views.ts'
import type { WindowView } from '../core/windows/setting.ts'
import type { MaintenanceWindow } from '../core/windows/window.ts'
import type { TopologyTokens } from '../shell/issue-topology.ts'
import type { Progress, Rights, StartInstall, TrailFilters, WantedBaseline } from './client-requests.ts'
import { UsageError } from './command.ts'
import { Exchange, type Upload } from './exchange.ts'
import { openPatchFile } from './patch-file.ts'
import type { Scope } from './plan-install.ts'

const TUS = { 'tus-resumable': '1.0.0' }
const DEFAULT_SERVER = 'http://127.0.0.1:8080'

/** Of a client command that prints in a form of its own. */
export const CONNECTION_OPTIONS = {
  server: { type: 'string', value: 'URL', about: `the Service Center; else PATCHMESH_SERVER, else ${DEFAULT_SERVER}` },
  'api-token': { type: 'string', value: 'TOKEN', about: 'from patchmesh api-token; else PATCHMESH_API_TOKEN' },
} as const

export const SERVER_OPTIONS = { ...CONNECTION_OPTIONS, ...outputOptions() } as const

export class ServiceCenterClient {
  readonly #exchange: Exchange

  constructor({ server, apiToken }: { server: string; apiToken: string }) {
    this.#exchange = new Exchange(new URL(server), apiToken)
  }

  /** For what there is no method for. */
  get exchange(): Exchange {
    return this.#exchange
  }

  /** Streams the file; `progress` hears how many bytes have left so far, of how many. `about` is said of it at once. */
  async upload(file: string, progress: Progress = () => {}, about: Record<string, string> = {}): Promise<PatchSummary> {
    const opened = await openPatchFile(file)
    const { bytes } = opened
    try {
      const body = { bytes, chunks: () => opened.chunks((sent) => progress(sent, bytes)) }
      const query = { filename: path.basename(file), ...about }
      return await this.#exchange.call<PatchSummary>({ method: 'POST', path: ['patches'], query, body })
    } finally {
      await opened.close()
    }
  }
  /** Calls `heard` whenever something may have changed, until the stream ends. */
  listen(heard: () => void, signal: AbortSignal): Promise<void> {
    return this.#exchange.listen(['events'], heard, signal)
  }
  unfinishedUploads(): Promise<UnfinishedUpload[]> {
    return this.#exchange.call({ method: 'GET', path: ['uploads'] })
  }
  /** Also of one that is whole by now. */
  unfinishedUpload(id: string): Promise<UnfinishedUpload> {
    return this.#exchange.call({ method: 'GET', path: ['uploads', id] })
  }
  beginUpload(upload: { filename: string; bytes: number; modifiedAt: number }): Promise<UnfinishedUpload> {
    const encoded = (text: string) => Buffer.from(text).toString('base64')
    const { filename, bytes, modifiedAt } = upload
    const metadata = `filename ${encoded(filename)},lastModified ${encoded(String(modifiedAt))}`
    const headers = { ...TUS, 'upload-length': String(bytes), 'upload-metadata': metadata }
    return this.#exchange.call({ method: 'POST', path: ['uploads'], headers })
  }
  continueUpload(id: string, body: Upload, offset: number): Promise<void> {
    const headers = { ...TUS, 'upload-offset': String(offset), 'content-type': 'application/offset+octet-stream' }
    return this.#exchange.call({ method: 'PATCH', path: ['uploads', id], headers, body })
  }
  discardUpload(id: string): Promise<void> {
    return this.#exchange.call({ method: 'DELETE', path: ['uploads', id] })
  }
  patches(): Promise<PatchLine[]> {
    return this.#exchange.list(['patches'])
  }
  /** `dataCenter` narrows who counts as unpatched. */
  patch(patch: string, dataCenter?: string): Promise<PatchDetail> {
    return this.#exchange.call({ method: 'GET', path: ['patches', patch], query: { dataCenter } })
  }
  withdraw(patch: string, reason?: string): Promise<{ id: string }> {
    const body = reason === undefined ? {} : { reason }
    return this.#exchange.call({ method: 'DELETE', path: ['patches', patch], body })
  }
  preview(
    patch: string,
    { organizations, dataCenter, first }: Pick<Scope, 'organizations' | 'dataCenter' | 'first'>,
  ): Promise<InstallPreview> {
    const query = { organization: organizations, dataCenter, first }
    return this.#exchange.call({ method: 'GET', path: ['patches', patch, 'install-preview'], query })
  }
  planInstall(patch: string, { organizations, dataCenter, first, ...wanted }: Scope): Promise<InstallPlan> {
    const settings = Object.entries(wanted).map(([name, value]) => [name, String(value)])
    const query = { organization: organizations, dataCenter, first, ...Object.fromEntries(settings) }
    return this.#exchange.call({ method: 'GET', path: ['patches', patch, 'install-plan'], query })
  }
  startInstall(install: StartInstall): Promise<InstallDetail> {
    return this.#exchange.call({ method: 'POST', path: ['installs'], body: install })
  }
  installs(): Promise<InstallSummary[]> {
    return this.#exchange.list(['installs'])
  }
  install(id: string): Promise<InstallDetail> {
    return this.#exchange.call({ method: 'GET', path: ['installs', id] })
  }
  /** As it came: `evidence verify` judges it. */
  evidence(id: string, organization: string): Promise<unknown> {
    return this.#exchange.call({ method: 'GET', path: ['installs', id, 'evidence'], query: { organization } })
  }
  cancelInstall(id: string): Promise<InstallDetail> {
    return this.#exchange.call({ method: 'POST', path: ['installs', id, 'cancel'], body: {} })
  }
  /** By name; all that have joined, where none is named. */
  extendInstall(id: string, appliances?: readonly string[]): Promise<InstallDetail> {
    const body = appliances === undefined ? {} : { appliances }
    return this.#exchange.call({ method: 'POST', path: ['installs', id, 'extend'], body })
  }
  pauseInstall(id: string): Promise<InstallDetail> {
    return this.#exchange.call({ method: 'POST', path: ['installs', id, 'pause'], body: {} })
  }
  resumeInstall(id: string, retryFailed: boolean): Promise<InstallDetail> {
    return this.#exchange.call({ method: 'POST', path: ['installs', id, 'resume'], body: { retryFailed } })
  }
  /** What is undefined in `query` does not filter. */
  appliances(query: Record<string, string | undefined> = {}): Promise<InventoryRow[]> {
    return this.#exchange.call({ method: 'GET', path: ['appliances'], query })
  }
  appliance(name: string): Promise<ApplianceDetail> {
    return this.#exchange.call({ method: 'GET', path: ['appliances', name] })
  }
  logBundle(name: string): Promise<unknown> {
    return this.#exchange.call({ method: 'GET', path: ['appliances', name, 'log-bundle'] })
  }
  renameAppliance(name: string, wanted: string): Promise<ApplianceDetail> {
    return this.#exchange.call({ method: 'PATCH', path: ['appliances', name], body: { name: wanted } })
  }
  retireAppliance(name: string, lastMember: boolean): Promise<ApplianceDetail> {
    return this.#exchange.call({ method: 'POST', path: ['appliances', name, 'retire'], body: { lastMember } })
  }
  trustAppliance(name: string): Promise<ApplianceDetail> {
    return this.#exchange.call({ method: 'POST', path: ['appliances', name, 'trust'], body: {} })
  }
  replaceAppliance(name: string): Promise<ShownToken> {
    return this.#exchange.call({ method: 'POST', path: ['appliances', name, 'replacement-token'], body: {} })
  }
  enroll(slot: Slot): Promise<ShownToken> {
    return this.#exchange.call({ method: 'POST', path: ['enrollment-tokens'], body: slot })
  }
  /** `topology` is the text of a topology file. */
  enrollTopology(topology: string): Promise<TopologyTokens<ShownToken>> {
    const bytes = Buffer.from(topology)
    const body = {
      bytes: bytes.byteLength,
      chunks: async function* () {
        yield bytes
      },
    }
    return this.#exchange.call({ method: 'POST', path: ['enrollment-tokens', 'topology'], body })
  }
  openTokens(): Promise<OpenToken[]> {
    return this.#exchange.call({ method: 'GET', path: ['enrollment-tokens'] })
  }
  revokeToken(id: string): Promise<{ id: string }> {
    return this.#exchange.call({ method: 'DELETE', path: ['enrollment-tokens', id], body: {} })
  }
  dataCenters(): Promise<DataCenterView[]> {
    return this.#exchange.list(['data-centers'])
  }
  mesh(patch?: string): Promise<Mesh> {
    return this.#exchange.call({ method: 'GET', path: ['mesh'], query: { patch } })
  }
  dataCenterLimits(name: string): Promise<DataCenterLimits> {
    return this.#exchange.call({ method: 'GET', path: ['data-centers', name, 'limits'] })
  }
  setDataCenterLimits(name: string, limits: DataCenterLimits): Promise<DataCenterLimits> {
    return this.#exchange.call({ method: 'PUT', path: ['data-centers', name, 'limits'], body: limits })
  }
  uplinkLimits(): Promise<UplinkLimits> {
    return this.#exchange.call({ method: 'GET', path: ['service-center', 'limits'] })
  }
  setUplinkLimits(limits: UplinkLimits): Promise<UplinkLimits> {
    return this.#exchange.call({ method: 'PUT', path: ['service-center', 'limits'], body: limits })
  }
  account(): Promise<AccountView> {
    return this.#exchange.call({ method: 'GET', path: ['account'] })
  }
  people(): Promise<PersonView[]> {
    return this.#exchange.call({ method: 'GET', path: ['people'] })
  }
  addPerson(person: Rights & { name: string }): Promise<NewPerson> {
    return this.#exchange.call({ method: 'POST', path: ['people'], body: person })
  }
  changePerson(
    name: string,
    change: Partial<Rights> & { disabled?: boolean; passkeyOnly?: boolean },
  ): Promise<PersonView> {
    return this.#exchange.call({ method: 'PATCH', path: ['people', name], body: change })
  }
  newSignInLink(name: string): Promise<NewLink> {
    return this.#exchange.call({ method: 'POST', path: ['people', name, 'sign-in-link'], body: {} })
  }
  removePerson(name: string): Promise<object> {
    return this.#exchange.call({ method: 'DELETE', path: ['people', name] })
  }
  passkeys(): Promise<PasskeyView[]> {
    return this.#exchange.call({ method: 'GET', path: ['passkeys'] })
  }
  removePasskey(id: string): Promise<object> {
    return this.#exchange.call({ method: 'DELETE', path: ['passkeys', id] })
  }
  sessions(): Promise<SessionView[]> {
    return this.#exchange.call({ method: 'GET', path: ['sessions'] })
  }
  endSession(id: string): Promise<object> {
    return this.#exchange.call({ method: 'DELETE', path: ['sessions', id] })
  }
  apiTokens(): Promise<TokenView[]> {
    return this.#exchange.call({ method: 'GET', path: ['api-tokens'] })
  }
  revokeApiToken(id: string): Promise<object> {
    return this.#exchange.call({ method: 'DELETE', path: ['api-tokens', id] })
  }
  windows(): Promise<WindowView[]> {
    return this.#exchange.call({ method: 'GET', path: ['windows'] })
  }
  setWindow(window: MaintenanceWindow): Promise<WindowView> {
    return this.#exchange.call({ method: 'PUT', path: ['windows', window.name], body: window })
  }
  removeWindow(name: string): Promise<object> {
    return this.#exchange.call({ method: 'DELETE', path: ['windows', name] })
  }

  baselines(): Promise<BaselineView[]> {
    return this.#exchange.call({ method: 'GET', path: ['baselines'] })
  }
  setBaseline(baseline: WantedBaseline): Promise<BaselineView[]> {
    return this.#exchange.call({ method: 'PUT', path: ['baselines'], body: baseline })
  }
  removeBaseline(baseline: WantedBaseline): Promise<BaselineView[]> {
    return this.#exchange.call({ method: 'DELETE', path: ['baselines'], body: baseline })
  }

  publishers(): Promise<PublisherView[]> {
    return this.#exchange.call({ method: 'GET', path: ['publishers'] })
  }
  setPublisher(publisher: Publisher): Promise<PublisherView> {
    return this.#exchange.call({ method: 'PUT', path: ['publishers', publisher.name], body: publisher })
  }
  removePublisher(name: string): Promise<object> {
    return this.#exchange.call({ method: 'DELETE', path: ['publishers', name] })
  }
  trail(query: TrailFilters & { limit: string; before?: string | undefined }): Promise<TrailPage> {
    return this.#exchange.call({ method: 'GET', path: ['trail'], query })
  }
  /** `head` is one that was noted earlier. */
  verifyTrail(head: string | undefined): Promise<TrailVerification> {
    return this.#exchange.call({ method: 'GET', path: ['trail', 'verification'], query: { head } })
  }
}

/** From the options or the environment. */
export function connect(options: {
  readonly server?: string | undefined
  readonly 'api-token'?: string | undefined
}): ServiceCenterClient {
  const server = options.server ?? process.env.PATCHMESH_SERVER ?? DEFAULT_SERVER
  if (!URL.canParse(server) || !/^https?:$/.test(new URL(server).protocol)) {
    throw new UsageError(`--server ${JSON.stringify(server)} is not an address such as ${DEFAULT_SERVER}`)
  }
  const apiToken = options['api-token'] ?? process.env.PATCHMESH_API_TOKEN ?? ''
  if (!/^[\x21-\x7e]+$/.test(apiToken)) {
    throw new UsageError('--api-token is missing: make one with patchmesh api-token, or set PATCHMESH_API_TOKEN')
  }
  return new ServiceCenterClient({ server, apiToken })
}
