/**
 * Decides where an appliance listens that was given no port: where it did before. Members know it by that address, and
 * those that only dial would never find either of a pair that started again, say after a power cut, on other ports.
 */
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { isBug } from '../../protocol/assert.ts'
import { writeDurably } from './durable-file.ts'
import { readIfThere } from './installers/read-if-there.ts'

const FILE = 'port'
const ANY_PORT = /^\/ip[46]\/([^/]+)\/tcp\/0$/

/** The same addresses, with the port of the last time where none was given and it is still free. */
export async function withKeptPort(folder: string, listen: readonly string[]): Promise<string[]> {
  const port = await keptPort(folder)
  return Promise.all(
    listen.map(async (address) => {
      const host = ANY_PORT.exec(address)?.[1]
      const keeps = host !== undefined && port !== null && (await isFree(host, port))
      return keeps ? address.replace(/0$/, String(port)) : address
    }),
  )
}

/** Remembers the port of the first address for the next time, where the system chose it. */
export async function keepPort(folder: string, listen: readonly string[], address: string | undefined): Promise<void> {
  const port = address?.split('/').pop()
  if (port === undefined || !listen.some((given) => ANY_PORT.test(given))) return
  if (Number(port) !== (await keptPort(folder))) await writeDurably(folder, FILE, Buffer.from(port))
}

/** The port that the system chose the last time, or null. */
export async function keptPort(folder: string): Promise<number | null> {
  const text = (await readIfThere(join(folder, FILE))) ?? ''
  return /^[1-9]\d{0,4}$/.test(text) && Number(text) < 65_536 ? Number(text) : null
}

async function isFree(host: string, port: number): Promise<boolean> {
  const server = createServer().listen({ host, port })
  try {
    await once(server, 'listening')
  } catch (error) {
    if (isBug(error)) throw error
    return false
  }
  await once(server.close(), 'close')
  return true
}
