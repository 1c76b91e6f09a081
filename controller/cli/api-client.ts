/**
 * The REST API as a client sees it: one method a request. A refusal comes as a `RefusedError` with the server's own
 * sentence and hint; a server that cannot be reached as an `Error` that says what to look at.
 */
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { basename } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type {
  ApplianceView,
  InstallDetail,
  InstallPreview,
  InstallSummary,
  PatchDetail,
  PatchSummary,
} from '../core/views.ts'

/** What the server answered instead of a result. */
export class ApiRefusal extends Error {
  readonly code: string
  readonly hint: string
  constructor({ code, message, hint }: { code: string; message: string; hint: string }) {
    super(message)
    this.name = 'ApiRefusal'
    this.code = code
    this.hint = hint
  }
}

export type StartInstall = { patch: string; organizations: string[]; dataCenter: string; allowOutage: boolean }

export class ApiClient {
  readonly #server: URL
  readonly #apiToken: string

  constructor(options: { server: string; apiToken: string }) {
    this.#server = new URL(options.server)
    this.#apiToken = options.apiToken
  }

  /** Streams the file; `progress` is told of the bytes that have left so far. */
  async upload(file: string, progress: (sent: number, total: number) => void = () => {}): Promise<PatchSummary> {
    const { size } = await stat(file)
    let sent = 0
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        sent += chunk.byteLength
        progress(sent, size)
        done(null, chunk)
      },
    })
    const headers = { 'content-type': 'application/octet-stream', 'content-length': String(size) }
    return this.#ask('POST', `/patches?filename=${encodeURIComponent(basename(file))}`, headers, (request) =>
      pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), counted, request),
    )
  }

  patches(): Promise<PatchSummary[]> {
    return this.#ask('GET', '/patches')
  }
  patch(patch: string): Promise<PatchDetail> {
    return this.#ask('GET', `/patches/${encodeURIComponent(patch)}`)
  }
  withdraw(patch: string, reason: string): Promise<{ id: string }> {
    return this.#json('DELETE', `/patches/${encodeURIComponent(patch)}`, { reason })
  }
  preview(patch: string, organizations: readonly string[], dataCenter: string): Promise<InstallPreview> {
    const query = new URLSearchParams([
      ...organizations.map((name) => ['organization', name]),
      ['dataCenter', dataCenter],
    ])
    return this.#ask('GET', `/patches/${encodeURIComponent(patch)}/install-preview?${query}`)
  }
  startInstall(install: StartInstall): Promise<InstallDetail> {
    return this.#json('POST', '/installs', install)
  }
  installs(): Promise<InstallSummary[]> {
    return this.#ask('GET', '/installs')
  }
  install(id: string): Promise<InstallDetail> {
    return this.#ask('GET', `/installs/${encodeURIComponent(id)}`)
  }
  cancelInstall(id: string): Promise<InstallDetail> {
    return this.#json('POST', `/installs/${encodeURIComponent(id)}/cancel`, {})
  }
  appliances(): Promise<ApplianceView[]> {
    return this.#ask('GET', '/appliances')
  }

  #json<Answer>(method: string, path: string, body: unknown): Promise<Answer> {
    const text = JSON.stringify(body)
    const headers = { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }
    return this.#ask(method, path, headers, async (request) => {
      request.end(text)
    })
  }

  async #ask<Answer>(
    method: string,
    path: string,
    headers: Record<string, string> = {},
    send: (request: ReturnType<typeof httpRequest>) => Promise<void> = async (request) => {
      request.end()
    },
  ): Promise<Answer> {
    const url = new URL(`/api/v1${path}`, this.#server)
    const open = url.protocol === 'https:' ? httpsRequest : httpRequest
    const request = open(url, { method, headers: { ...headers, authorization: `Bearer ${this.#apiToken}` } })
    const answered = new Promise<{ status: number; text: string }>((resolve, reject) => {
      request.once('error', (error) =>
        reject(
          new Error(
            `${this.#server.origin} cannot be reached: ${error.message}. Look whether the controller runs there`,
            { cause: error },
          ),
        ),
      )
      request.once('response', (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => {
          text += part
        })
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }))
        response.once('error', reject)
      })
    })
    // A server that refuses an upload answers before the body has left; what it says counts, not the broken pipe.
    const sent = send(request).catch(() => undefined)
    const { status, text } = await answered
    request.destroy()
    await sent
    const answer = parse(text)
    if (status >= 200 && status < 300) return answer as Answer
    const error = (answer as { error?: { code: string; message: string; hint: string } } | null)?.error
    throw new ApiRefusal(
      error ?? {
        code: 'internal',
        message: `${url.pathname} answered ${status}`,
        hint: "Look at the controller's log.",
      },
    )
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
