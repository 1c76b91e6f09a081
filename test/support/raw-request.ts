/**
 * One HTTP request exactly as written: `fetch` would not let a test choose Host, or leave out what browsers add.
 */
import { type IncomingHttpHeaders, request } from 'node:http'

export type RawAnswer = { status: number; headers: IncomingHttpHeaders; body: string }

export function rawRequest(
  url: string,
  options: { method?: string; path?: string; headers?: Record<string, string>; body?: string | Buffer } = {},
): Promise<RawAnswer> {
  const { hostname, port, pathname, search } = new URL(url)
  const { method = 'GET', path = `${pathname}${search}`, headers = {}, body } = options
  const sized = body === undefined ? headers : { 'Content-Length': String(Buffer.byteLength(body)), ...headers }
  return new Promise((resolve, reject) => {
    const asked = request({ hostname, port, method, path, headers: sized, agent: false }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks).toString() }),
      )
      answer.on('error', reject)
    })
    asked.on('error', reject)
    asked.end(body)
  })
}
