/**
 * A patch as it is carried to a site by hand: its file, and what proves it there. The bytes are those of the store, and
 * whoever takes them compares them with the proof: a disk that has become bad here is found there.
 */
import { Readable } from 'node:stream'
import { isRefusal } from '../../protocol/refusals.ts'
import { encodeEnvelope } from '../../protocol/trust/envelope.ts'
import { namedPatch } from '../core/named-patch.ts'
import type { App, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { documented, NAMED_PATCH } from './openapi.ts'
import { readQuery } from './read-request.ts'
import * as schemas from './schemas.ts'

export function addCarriedPatchRoutes(app: App, { log }: RouteDependencies): void {
  app.get(
    '/api/v1/patches/:patch/proof',
    documented({
      operation: 'provePatch',
      allow: 'carry',
      summary: 'What proves a patch where no Service Center is: its signed publication, and the hashes of its pieces.',
      parameters: NAMED_PATCH,
      answers: { 200: schemas.PatchProof },
    }),
    (c) => {
      const record = namedPatch(c.var.serviceCenter.state, c.req.param('patch'))
      if (isRefusal(record)) return answerRefusal(c, record, log)
      const { publication, envelope, hashes } = record
      c.header('Content-Disposition', `attachment; filename="patchmesh-proof-${publication.sha256}.json"`)
      return c.json({
        id: publication.sha256,
        signedBy: c.var.serviceCenter.state.signing.peer,
        publication: Buffer.from(encodeEnvelope(envelope)).toString('base64'),
        hashes: Buffer.from(hashes).toString('base64'),
      })
    },
  )

  app.get(
    '/api/v1/patches/:patch/file',
    documented({
      operation: 'downloadPatch',
      allow: 'carry',
      summary: 'The file that was uploaded, from a byte on where one is named.',
      parameters: NAMED_PATCH,
      query: schemas.DownloadQuery,
      answers: { 200: 'file' },
    }),
    async (c) => {
      const query = readQuery(c, schemas.DownloadQuery)
      if (isRefusal(query)) return answerRefusal(c, query, log)
      const record = namedPatch(c.var.serviceCenter.state, c.req.param('patch'))
      if (isRefusal(record)) return answerRefusal(c, record, log)
      const file = await c.var.serviceCenter.readPatch(record.sha256, query.from)
      if (isRefusal(file)) return answerRefusal(c, file, log)
      const { name, version, format } = record.publication
      const ending = format === 'deb' ? 'deb' : 'patch'
      c.header('Content-Type', 'application/octet-stream')
      c.header('Content-Length', String(file.bytes))
      c.header('Content-Disposition', `attachment; filename="${name}-${version}.${ending}"`)
      return c.body(Readable.toWeb(file.stream) as ReadableStream<Uint8Array>)
    },
  )
}
