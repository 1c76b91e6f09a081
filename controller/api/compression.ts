/**
 * Pages and JSON travel compressed: a long list is a tenth of its text. Streams are left alone, and so is what is
 * compressed already. The work is done on threads beside the loop.
 */
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { MiddlewareHandler } from 'hono'
import type { AppEnvironment } from './context.ts'

/** Smaller answers fit into one packet anyway. */
const WORTH_BYTES = 1024
const LARGE_BYTES = 512 * 1024
const COMPRESSED = /^(text\/html|application\/json)\b/
const compressBrotli = promisify(brotliCompress)
const compressGzip = promisify(gzip)

export function compressed(): MiddlewareHandler<AppEnvironment> {
  return async (c, next) => {
    await next()
    const { headers, status } = c.res
    if (status === 304 || !COMPRESSED.test(headers.get('content-type') ?? '')) return
    if (headers.has('content-encoding')) return
    headers.append('Vary', 'Accept-Encoding')
    const encoding = acceptedEncoding(c.req.header('accept-encoding'))
    if (encoding === null || c.req.method === 'HEAD') return
    const plain = new Uint8Array(await c.res.arrayBuffer())
    const packed = plain.byteLength < WORTH_BYTES ? null : await compress(plain, encoding)
    if (packed !== null) headers.set('Content-Encoding', encoding)
    c.res = new Response(new Uint8Array(packed ?? plain), { status, headers })
  }
}

export function acceptedEncoding(accepted = ''): 'br' | 'gzip' | null {
  if (/\bbr\b(?!;q=0)/.test(accepted)) return 'br'
  return /\bgzip\b(?!;q=0)/.test(accepted) ? 'gzip' : null
}

/** Takes a few milliseconds for a page; what is far larger is compressed less well, and still in time. */
export function compress(plain: Uint8Array, encoding: 'br' | 'gzip'): Promise<Uint8Array> {
  const quality = plain.byteLength > LARGE_BYTES ? 1 : 4
  return encoding === 'gzip'
    ? compressGzip(plain, { level: quality })
    : compressBrotli(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } })
}
