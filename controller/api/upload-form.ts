/**
 * Uploading where no script runs: the browser sends the chosen files as parts of one form, and each is taken in as the
 * API takes a file, while it streams. Nothing of it is held, and nothing goes on after a cut; upload.js does better.
 */
import { on } from 'node:events'
import { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import { Busboy } from '@fastify/busboy'
import { quoted } from '../../protocol/quoted.ts'
import { isRefusal, type Refusal, RefusedError, refuse } from '../../protocol/refusals.ts'
import { SYSTEM_PATCHES } from '../page/words.ts'
import type { App, AppContext, RouteDependencies } from './context.ts'
import { answerRefusal } from './errors.ts'
import { leadTo } from './forms.ts'
import { permitted } from './permitted.ts'
import { bytesOf } from './request-body.ts'

const MOST_FILES = 100
const LIMITS = { fields: 0, files: MOST_FILES, parts: MOST_FILES, headerPairs: 10, headerSize: 4096 }

type SentFile = { filename: string; body: AsyncIterable<Uint8Array> }

export function addUploadForm(app: App, { log }: RouteDependencies): void {
  app.post(SYSTEM_PATCHES, permitted('upload'), async (c) => {
    const refused = await takeIn(c)
    return refused === null ? leadTo(c, SYSTEM_PATCHES) : answerRefusal(c, refused, log)
  })
}

/** One file after the other; those before a refused one stay. */
async function takeIn(c: AppContext): Promise<Refusal | null> {
  const { serviceCenter, visitor } = c.var
  let files = 0
  try {
    for await (const { filename, body } of sentFiles(c)) {
      files += 1
      const { actor, origin } = visitor
      const stored = await serviceCenter.upload({ body, filename, actor, origin, expectedBytes: undefined })
      if (isRefusal(stored)) return refuse(stored.refused, `${quoted(filename)}: ${stored.message}`)
    }
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal
    throw error
  }
  return files > 0 ? null : refuse('empty_file', 'no file is chosen')
}

/** The files of a form, in their order; the next is there when the one before was read. */
async function* sentFiles(c: AppContext): AsyncGenerator<SentFile> {
  const form = parser(c.req.header('content-type') ?? '')
  let failure: Error | null = null
  let newest: Readable | null = null
  const fail = (error: Error) => {
    failure ??= error
    // The parser leaves the file open on which it failed, and whoever reads it would wait for more.
    newest?.destroy(error)
  }
  // A body may end badly when nobody reads a file of it any more; an error that nobody hears ends the process.
  form.on('error', fail)
  let isTooMany = false
  form.on('partsLimit', () => {
    isTooMany = true
  })
  form.on('file', (_, body) => {
    newest = body.on('error', fail)
  })
  const sent = Readable.from(bytesOf(c.req.raw.body))
  pipeline(sent, form).catch(fail)
  try {
    for await (const [, body, filename] of on(form, 'file', { close: ['finish', 'close'] }) as AsyncIterable<Part>) {
      if (filename === undefined || filename === '') body.resume()
      else yield { filename: filename.slice(0, 255), body }
    }
    // The parser takes no more where a body goes on after the end of its form; the answer waits for the rest.
    await finished(sent.resume())
  } catch (error) {
    throw malformed(error)
  } finally {
    form.destroy()
  }
  if (failure !== null) throw malformed(failure)
  if (isTooMany) throw new RefusedError(refuse('bad_field', `those after the first ${MOST_FILES} files were not taken`))
}

type Part = [field: string, body: Readable, filename: string | undefined]

function parser(type: string): InstanceType<typeof Busboy> {
  try {
    return new Busboy({ headers: { 'content-type': type }, limits: LIMITS })
  } catch (error) {
    throw malformed(error)
  }
}

function malformed(error: unknown): RefusedError {
  const why = error instanceof Error ? error.message : String(error)
  return new RefusedError(refuse('bad_request', `the body is no form with files: ${why.slice(0, 100)}`))
}
