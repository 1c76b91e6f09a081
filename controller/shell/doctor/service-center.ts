/**
 * `patchmesh doctor` of the Service Center: what it needs, looked at from outside whether it runs or not. Nothing is
 * changed: its database is only read, and where it is closed not even the files beside it come into being.
 */
import { X509Certificate } from 'node:crypto'
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { text } from 'node:stream/consumers'
import { pEvent } from 'p-event'
import { isLocked } from '../../../agent/shell/data-folder-lock.ts'
import { attention, type Finding, right, wrong } from '../../../agent/shell/doctor/finding.ts'
import { diskFinding, nameFinding, rightsFinding, timeSourceFinding } from '../../../agent/shell/doctor/machine.ts'
import { portFinding } from '../../../agent/shell/doctor/reaching.ts'
import { type ControllerConfig, DEFAULT_HTTP, DEFAULT_MESH } from '../../controller-config.ts'
import { certificateOf } from '../certificate.ts'
import { databaseFinding, keysFinding, START } from './kept-data.ts'

const DAY_MS = 24 * 3600 * 1000
const RENEW_BEFORE_DAYS = 14
const ANSWER_WITHIN_MS = 10_000

export async function serviceCenterFindings(folder: string, config: ControllerConfig): Promise<Finding[]> {
  const disk = await diskFinding(folder)
  if (disk.what === 'data folder') return [disk]
  const runs = isLocked(folder)
  const secrets = ['keys/signing', 'keys/mesh-identity', 'patchmesh.sqlite']
  const origins = (config.origins ?? []).map((origin) => new URL(origin).hostname)
  return [
    ...[disk, await rightsFinding(folder, secrets), await timeSourceFinding()],
    ...[await keysFinding(folder), await databaseFinding(folder, runs)],
    ...(await Promise.all(origins.map((host) => nameFinding('name of the page', host)))),
    ...(await certificateFindings(config, origins)),
    ...(runs ? await servingFindings(config) : [wrong('controller', 'it does not run on this data folder', START)]),
  ]
}

async function certificateFindings(config: ControllerConfig, origins: readonly string[]): Promise<Finding[]> {
  const what = 'certificate'
  const files = { certificate: config.tlsCert, key: config.tlsKey }
  const tls = await certificateOf(files).catch((error: Error) => error)
  if (tls instanceof Error) return [wrong(what, tls.message, 'put both files right, then systemctl reload')]
  if (tls === undefined) return []
  const certificate = new X509Certificate(tls.cert)
  const { validTo } = certificate
  const days = Math.floor((Date.parse(validTo) - Date.now()) / DAY_MS)
  const renew = 'renew it; the controller takes the new one at a reload'
  const others = origins.filter((host) => certificate.checkHost(host) === undefined)
  return [
    days < 0
      ? wrong(what, `it was good until ${validTo}`, renew)
      : days < RENEW_BEFORE_DAYS
        ? attention(what, `it is good for ${days} days more, until ${validTo}`, renew)
        : right(what, `good until ${validTo}`),
    ...others.map((host) =>
      wrong(what, `it is not for ${host}, which people reach the page by`, `have one made for ${host}`),
    ),
  ]
}

async function servingFindings(config: ControllerConfig): Promise<Finding[]> {
  const http = config.http ?? DEFAULT_HTTP
  const [mesh = DEFAULT_MESH] = config.mesh ?? []
  const [, , host = '', , port = ''] = mesh.split('/')
  return [
    right('controller', 'it runs on this data folder'),
    await pageFinding(new URL(`http://${http}`), config.tlsCert !== undefined),
    await portFinding('port for appliances', onThisMachine(host), Number(port)),
  ]
}

/** What /readyz says; whether its certificate is right was judged before. */
async function pageFinding(at: URL, secure: boolean): Promise<Finding> {
  const what = 'page and API'
  const start = secure ? requestHttps : requestHttp
  const address = {
    host: onThisMachine(at.hostname.replace(/^\[|\]$/g, '')),
    port: at.port === '' ? 80 : Number(at.port),
  }
  const asked = start({ ...address, path: '/readyz', agent: false, ...(secure ? { rejectUnauthorized: false } : {}) })
  asked.end()
  try {
    const answer = await pEvent<'response', IncomingMessage>(asked, 'response', {
      timeout: ANSWER_WITHIN_MS,
    })
    const said = await text(answer)
    if (answer.statusCode === 200) return right(what, `ready at port ${address.port}`)
    return wrong(what, `not ready at port ${address.port}: ${said.slice(0, 200)}`, 'wait until it is, or see its log')
  } catch (error) {
    return wrong(
      what,
      `no answer at port ${address.port}: ${(error as Error).message}`,
      'see its log; and compare http',
    )
  } finally {
    asked.destroy()
  }
}

function onThisMachine(host: string): string {
  return host === '0.0.0.0' || host === '::' ? 'localhost' : host
}
