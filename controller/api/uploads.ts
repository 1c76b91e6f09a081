/**
 * Uploads that survive a cut, over HTTP: version 1.0.0 of the tus protocol (creation, termination, expiration), so that
 * any tus client can be used, and as JSON where each stands. The routes translate; what may go on, and from where, is
 * decided in controller/shell/intake/resumable-uploads.ts.
 */
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import type { UploadState } from '../shell/intake/unfinished-upload.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { documented } from './openapi.ts'
import { declaredLength, fileOf } from './request-body.ts'
import * as schemas from './schemas.ts'

const UPLOADS = '/api/v1/uploads'
const VERSION = '1.0.0'
const parameters = { id: 'The id of an upload of yours.' }

export function addUploadRoutes(app: App, { log }: RouteDependencies): void {
  app.get(
    UPLOADS,
    documented({
      operation: 'listUploads',
      allow: 'upload',
      summary: 'Your unfinished uploads.',
      answers: { 200: schemas.UnfinishedUpload.array() },
    }),
    (c) => c.json(c.var.serviceCenter.uploads.of(c.var.visitor.actor).map((state) => view(state))),
  )

  app.post(
    UPLOADS,
    documented({
      operation: 'beginUpload',
      allow: 'upload',
      summary: 'Begins an upload that survives a cut, as tus 1.0.0 does.',
      headers: {
        'Upload-Length': 'The size of the file in bytes.',
        'Upload-Metadata': '`filename BASE64`, and `lastModified BASE64` if it is known, with a comma between.',
      },
      answers: { 201: schemas.UnfinishedUpload },
    }),
    async (c) => {
      const wanted = wantedUpload(c)
      if (isRefusal(wanted)) return answerRefusal(c, wanted, log)
      const begun = await c.var.serviceCenter.uploads.create({ ...wanted, owner: c.var.visitor.actor })
      if (isRefusal(begun)) return answerRefusal(c, begun, log)
      c.header('Location', `${UPLOADS}/${begun.id}`)
      writeHeaders(c, begun)
      return c.json(view(begun), 201)
    },
  )

  /** To HEAD the same, without the JSON. */
  app.get(
    `${UPLOADS}/:id`,
    documented({
      operation: 'showUpload',
      allow: 'upload',
      summary: 'Where an upload stands; `patch` is set when it is whole.',
      parameters,
      answers: { 200: schemas.UnfinishedUpload },
    }),
    async (c) => {
      const { actor } = c.var.visitor
      const id = c.req.param('id')
      const found = c.var.serviceCenter.uploads.find(id, actor)
      if (isRefusal(found)) return answerRefusal(c, found, log)
      writeHeaders(c, found)
      return c.json(view(found, c.req.method === 'HEAD' ? null : await c.var.serviceCenter.uploads.tail(id, actor)))
    },
  )

  app.patch(
    `${UPLOADS}/:id`,
    documented({
      operation: 'continueUpload',
      allow: 'upload',
      summary: 'Goes on with an upload at Upload-Offset; when the last byte is there it is checked and published.',
      parameters,
      headers: { 'Upload-Offset': 'Where the upload stands, in bytes.' },
      body: 'file',
      answers: { 204: 'nothing' },
    }),
    async (c) => {
      const part = sentPart(c)
      if (isRefusal(part)) return answerRefusal(c, part, log)
      const { actor, origin } = c.var.visitor
      const id = c.req.param('id')
      const state = await c.var.serviceCenter.uploads.append({
        ...part,
        id,
        origin,
        owner: actor,
        body: fileOf(c),
      })
      if (!isRefusal(state)) {
        writeHeaders(c, state)
        return c.body(null, 204)
      }
      const found = c.var.serviceCenter.uploads.find(id, actor)
      if (!isRefusal(found)) writeHeaders(c, found)
      return answerRefusal(c, state, log)
    },
  )

  app.delete(
    `${UPLOADS}/:id`,
    documented({
      operation: 'abandonUpload',
      allow: 'upload',
      summary: 'Gives an upload up; nothing of it is kept.',
      parameters,
      answers: { 204: 'nothing' },
    }),
    async (c) => {
      const refusal = await c.var.serviceCenter.uploads.remove(c.req.param('id'), c.var.visitor.actor)
      if (refusal !== null) return answerRefusal(c, refusal, log)
      c.header('Tus-Resumable', VERSION)
      return c.body(null, 204)
    },
  )
}

function view(state: UploadState, tail: schemas.UnfinishedUpload['tail'] = null): schemas.UnfinishedUpload {
  const { id, filename, bytes, lastModified, offset, sending, expiresAt, outcome } = state
  return {
    ...{ id, filename, bytes, lastModified, offset, sending, tail },
    expiresAt: new Date(expiresAt).toISOString(),
    patch: outcome?.patch ?? null,
    created: outcome?.created ?? false,
  }
}

function writeHeaders(c: AppContext, { offset, bytes, expiresAt }: UploadState): void {
  c.header('Tus-Resumable', VERSION)
  c.header('Upload-Offset', String(offset))
  c.header('Upload-Length', String(bytes))
  c.header('Upload-Expires', new Date(expiresAt).toUTCString())
}

function wantedUpload(c: AppContext): { filename: string; bytes: number; lastModified: number | null } | Refusal {
  const spoken = spokenVersion(c)
  if (spoken !== null) return spoken
  const bytes = wholeNumber(c, 'Upload-Length')
  if (isRefusal(bytes)) return bytes
  const metadata = new Map(
    (c.req.header('upload-metadata') ?? '').split(',').map((pair) => {
      const [key = '', value = ''] = pair.trim().split(' ')
      return [key, Buffer.from(value, 'base64').toString()]
    }),
  )
  const filename = metadata.get('filename') ?? ''
  if (filename === '' || filename.length > 255)
    return refuse('bad_request', 'Upload-Metadata names no filename of 255 characters at most')
  const lastModified = Number(metadata.get('lastModified') ?? Number.NaN)
  return { filename, bytes, lastModified: Number.isSafeInteger(lastModified) ? lastModified : null }
}

function sentPart(c: AppContext): { offset: number; announced: number | undefined } | Refusal {
  const spoken = spokenVersion(c)
  if (spoken !== null) return spoken
  const type = c.req.header('content-type')
  if (type !== 'application/offset+octet-stream')
    return refuse('bad_request', `the body is ${type?.slice(0, 40) ?? 'untyped'}, not application/offset+octet-stream`)
  const offset = wholeNumber(c, 'Upload-Offset')
  if (isRefusal(offset)) return offset
  const announced = declaredLength(c)
  return isRefusal(announced) ? announced : { offset, announced }
}

/** A request that names no version is taken for one of ours. */
function spokenVersion(c: AppContext): Refusal | null {
  const version = c.req.header('tus-resumable') ?? VERSION
  if (version === VERSION) return null
  c.header('Tus-Version', VERSION)
  return refuse('tus_version', `version ${version.slice(0, 20)} of the tus protocol is not spoken here`)
}

function wholeNumber(c: AppContext, header: string): number | Refusal {
  const text = c.req.header(header) ?? ''
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
  return Number.isSafeInteger(number) ? number : refuse('bad_request', `${header} is not a whole number of bytes`)
}
