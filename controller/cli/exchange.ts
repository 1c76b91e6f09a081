/**
 * One exchange with the Service Center's REST API: a call there, its answer or a sentence back. A refusal of the server
 * becomes a `ServerRefusal` with what it says to do; a server that cannot be reached, or is something else, an error.
 * Bodies stream: a patch of any size is sent with the memory of one chunk, as fast as the network takes it.
 */
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Nothing moved in either direction for so long: the server, or the way to it, is gone. */
const IDLE_TIMEOUT_MS = 120_000
/** The Service Center says something on a stream every 15 seconds. */
const SILENT_STREAM_MS = 40_000
/** Of a proxy or balancer that reaches nobody behind it (RFC 9110, 15.6). */
const GATEWAY_STATUSES = new Set([502, 503, 504])
/** Of one list: a few hundred kB. */
const PAGE_ENTRIES = 1000
/** One patch of the largest fleet, with all of its appliances, is a few MiB. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024

export class ServerRefusal extends Error {
  override readonly name = 'ServerRefusal'
  readonly httpStatus: number
  readonly code: string
  readonly hint: string

  constructor(httpStatus: number, refusal: { code: string; message: string; hint: string }) {
    super(refusal.message)
    this.httpStatus = httpStatus
    this.code = refusal.code
    this.hint = refusal.hint
  }
}

/** The server did not answer, which may pass. */
export class UnreachableError extends Error {
  override readonly name = 'UnreachableError'
}

/** Whether it passes by itself: the Service Center restarts, or another node of it takes the lead. */
export function isInterruption(error: unknown): boolean {
  return error instanceof UnreachableError || (error instanceof ServerRefusal && error.code === 'standing_by')
}

export type Upload = { readonly bytes: number; chunks(): AsyncIterable<Uint8Array> }
export type Call = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Below /api/v1; each part is escaped. */
  readonly path: readonly string[]
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body?: object | Upload
  /** Beside those that every call has; they win. */
  readonly headers?: Readonly<Record<string, string>>
}

export class Exchange {
  readonly #server: URL
  readonly #apiToken: string

  constructor(server: URL, apiToken: string) {
    this.#server = server
    this.#apiToken = apiToken
  }

  /** The server's answer; its form is the contract of the API (controller/core/views.ts). */
  async call<Answer>(call: Call): Promise<Answer> {
    return (await this.#answer<Answer>(call)).json
  }

  /** All entries of a list, page after page. */
  async list<Entry>(path: readonly string[]): Promise<Entry[]> {
    const entries: Entry[] = []
    for (let cursor: string | undefined, isFirst = true; isFirst || cursor !== undefined; isFirst = false) {
      const page = await this.#answer<Entry[]>({ method: 'GET', path, query: { limit: String(PAGE_ENTRIES), cursor } })
      entries.push(...page.json)
      cursor = nextCursor(page.link)
    }
    return entries
  }

  /** Calls `heard` whenever anything comes on a stream of the server, until it ends or fails. */
  async listen(path: readonly string[], heard: () => void, signal: AbortSignal): Promise<void> {
    const url = this.#address({ method: 'GET', path })
    const start = url.protocol === 'https:' ? requestHttps : requestHttp
    const headers = { authorization: `Bearer ${this.#apiToken}`, accept: 'text/event-stream' }
    const outgoing = start(url, { agent: false, signal, headers })
    outgoing.setTimeout(SILENT_STREAM_MS, () => outgoing.destroy(new Error('the stream is silent')))
    outgoing.end()
    const [answer] = (await once(outgoing, 'response')) as [IncomingMessage]
    if (answer.statusCode !== 200) {
      outgoing.destroy()
      throw this.#stranger(answer.statusCode ?? 0)
    }
    for await (const _ of answer) heard()
  }

  async #answer<Answer>(call: Call): Promise<{ json: Answer; link: string | undefined }> {
    const { status, bytes, link } = await this.#exchange(call)
    // Where there is nothing to say, nobody looks at the answer.
    if (status === 204) return { json: undefined as Answer, link }
    const json = this.#json(status, bytes)
    if (status >= 200 && status < 300) return { json: json as Answer, link }
    throw this.#refusal(status, json)
  }

  /** An answer that is a file, as its bytes. */
  async download(call: Call): Promise<Buffer> {
    const { status, bytes } = await this.#exchange(call)
    if (status === 200) return bytes
    throw this.#refusal(status, this.#json(status, bytes))
  }

  /** The same as it comes, of any size; whoever stops reading ends the exchange. */
  async *stream(call: Call): AsyncGenerator<Uint8Array> {
    const { outgoing, answered } = this.#begin(call)
    outgoing.end()
    try {
      const answer = await answered
      const status = answer.statusCode ?? 0
      if (status !== 200) throw this.#refusal(status, this.#json(status, await bytesOf(answer)))
      for await (const chunk of answer as AsyncIterable<Buffer>) yield chunk
    } catch (error) {
      throw error instanceof ServerRefusal ? error : this.#unreachable(error)
    } finally {
      outgoing.destroy()
    }
  }

  #json(status: number, bytes: Buffer): unknown {
    try {
      return JSON.parse(bytes.toString())
    } catch {
      throw this.#stranger(status)
    }
  }

  #refusal(status: number, json: unknown): Error {
    const refusal = refusalIn(json)
    return refusal === undefined ? this.#stranger(status) : new ServerRefusal(status, refusal)
  }

  async #exchange(call: Call): Promise<{ status: number; bytes: Buffer; link: string | undefined }> {
    const { outgoing, answered, chunks } = this.#begin(call)
    const sent = pipeline(chunks, outgoing)
    try {
      // A server that refuses answers before it has read everything, and then stops reading: its answer counts.
      const answer = await Promise.race([answered, sent.then(() => answered)])
      const link = [answer.headers.link ?? []].flat()[0]
      return { status: answer.statusCode ?? 0, bytes: await bytesOf(answer), link }
    } catch (error) {
      throw this.#unreachable(error)
    } finally {
      outgoing.destroy()
      // Whether the rest of the body was sent no longer matters: the answer, or why there is none, is known.
      await Promise.allSettled([sent])
    }
  }

  #begin(call: Call): { outgoing: ClientRequest; answered: Promise<IncomingMessage>; chunks: Readable } {
    const payload = payloadOf(call.body)
    const url = this.#address(call)
    const start = url.protocol === 'https:' ? requestHttps : requestHttp
    const outgoing = start(url, {
      method: call.method,
      // Its own connection: one that was kept may be closed by the server at the moment in which it is used again.
      agent: false,
      headers: {
        authorization: `Bearer ${this.#apiToken}`,
        accept: 'application/json',
        ...payload.headers,
        ...call.headers,
      },
    })
    outgoing.setTimeout(IDLE_TIMEOUT_MS, () =>
      outgoing.destroy(new Error(`nothing moved for ${IDLE_TIMEOUT_MS / 1000} s`)),
    )
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      outgoing.once('response', resolve)
      outgoing.on('error', reject)
    })
    return { outgoing, answered, chunks: payload.chunks }
  }

  #address({ path, query = {} }: Call): URL {
    const url = new URL(this.#server)
    url.pathname = `${url.pathname.replace(/\/$/, '')}/api/v1/${path.map(encodeURIComponent).join('/')}`
    for (const [name, value] of Object.entries(query)) {
      for (const one of value === undefined ? [] : [value].flat()) url.searchParams.append(name, one)
    }
    return url
  }

  #unreachable(error: unknown): Error {
    // A file that cannot be read is not the server's fault; it comes through the same pipe.
    if (error instanceof LocalFileError) return error
    const why = error instanceof Error ? error.message || ('code' in error ? String(error.code) : error.name) : ''
    return new UnreachableError(
      `The Service Center at ${this.#server.origin} cannot be reached (${why}): start it, or name it with --server URL`,
      { cause: error },
    )
  }

  #stranger(status: number): Error {
    if (GATEWAY_STATUSES.has(status)) return this.#unreachable(new Error(`status ${status} of what is in front of it`))
    return new Error(
      `What answers at ${this.#server.origin} (status ${status}) is not a Service Center: give its address with --server URL`,
    )
  }
}

/** Of `<…?cursor=X>; rel="next"` (RFC 8288), as the Service Center writes it. */
function nextCursor(link: string | undefined): string | undefined {
  const next = /<([^<>]*)>; rel="next"/.exec(link ?? '')?.[1]
  return next === undefined ? undefined : (new URL(next, 'http://any').searchParams.get('cursor') ?? undefined)
}

/** Wraps what goes wrong while the body is read from this machine. */
export class LocalFileError extends Error {
  override readonly name = 'LocalFileError'
}

function payloadOf(body: Call['body']): { headers: Record<string, string | number>; chunks: Readable } {
  if (body === undefined) return { headers: {}, chunks: Readable.from([]) }
  if ('chunks' in body) {
    const headers = { 'content-type': 'application/octet-stream', 'content-length': body.bytes }
    return { headers, chunks: Readable.from(body.chunks(), { objectMode: false }) }
  }
  const json = Buffer.from(JSON.stringify(body))
  const headers = { 'content-type': 'application/json', 'content-length': json.byteLength }
  return { headers, chunks: Readable.from([json]) }
}

async function bytesOf(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`its answer is longer than ${MAX_ANSWER_BYTES} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function refusalIn(json: unknown): { code: string; message: string; hint: string } | undefined {
  if (typeof json !== 'object' || json === null || !('error' in json)) return undefined
  const { error } = json
  if (typeof error !== 'object' || error === null || !('message' in error)) return undefined
  const { code, message, hint } = error as { code?: unknown; message: unknown; hint?: unknown }
  return { code: String(code ?? ''), message: String(message), hint: String(hint ?? '') }
}
