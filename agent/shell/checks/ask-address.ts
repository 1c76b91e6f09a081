/**
 * Asks an address on the appliance: one GET, followed nowhere, whose status decides. Of what it answers no more is read
 * than is told, and only where the status is another than expected.
 */
import { type IncomingMessage, request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { causes } from '../causes.ts'
import { readableText } from '../installers/program-output.ts'
import type { AddressCheck } from './check-config.ts'

const MAX_BODY_BYTES = 1024

export type Answered = { readonly ok: boolean; readonly reason: string; readonly output: string }

export async function askAddress({ http, status, timeoutSeconds }: AddressCheck): Promise<Answered> {
  const late = AbortSignal.timeout(timeoutSeconds * 1000)
  try {
    const response = await get(http, late)
    try {
      const isExpected = response.statusCode === status
      const reason = `${http} answers ${response.statusCode}${isExpected ? '' : `, and ${status} is expected`}`
      return { ok: isExpected, reason, output: isExpected ? '' : await beginningOf(response) }
    } finally {
      response.destroy()
    }
  } catch (error) {
    const why = late.aborted ? `did not answer within ${timeoutSeconds} s` : `does not answer: ${causes(error)}`
    return { ok: false, reason: `${http} ${why}`, output: '' }
  }
}

function get(address: string, signal: AbortSignal): Promise<IncomingMessage> {
  const request = address.startsWith('https:') ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const asked = request(address, { agent: false, signal, headers: { 'user-agent': 'patchmesh' } }, resolve)
    asked.on('error', reject)
    asked.end()
  })
}

async function beginningOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.byteLength
    if (length >= MAX_BODY_BYTES) break
  }
  return readableText(Buffer.concat(chunks).subarray(0, MAX_BODY_BYTES))
}
