/**
 * The certificate of the page and its key: from the files that are named, or else from the credentials `tls-cert` and
 * `tls-key` of systemd, which need not be readable for the controller's user.
 */
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import { credential } from '../../agent/shell/config/secrets.ts'

const TOGETHER = '--tls-cert and --tls-key, or tlsCert and tlsKey, go together: give both or none'

/** Undefined for none; throws a sentence for files that are not there, or are not of one another. */
export async function certificateOf(files: {
  certificate: string | undefined
  key: string | undefined
}): Promise<{ cert: Buffer; key: Buffer } | undefined> {
  const { certificate, key } = files
  if ((certificate === undefined) !== (key === undefined)) throw new Error(TOGETHER)
  if (certificate !== undefined && key !== undefined) {
    return proven({ cert: await readFile(certificate), key: await readFile(key) }, `${certificate} and ${key}`)
  }
  const [cert, own] = await Promise.all([credential('tls-cert'), credential('tls-key')])
  if (cert === undefined || own === undefined) return undefined
  return proven({ cert, key: own }, 'the credentials tls-cert and tls-key')
}

function proven(tls: { cert: Buffer; key: Buffer }, from: string): { cert: Buffer; key: Buffer } {
  try {
    createSecureContext(tls)
    return tls
  } catch (error) {
    throw new Error(`${from} cannot be used for HTTPS: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}
