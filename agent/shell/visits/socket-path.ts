/**
 * Where an agent can be spoken to on its own machine: `DIR/agent.sock`. The system takes no address of more than 107 bytes, and
 * a data folder may lie deeper; then both sides go through their own handle on the folder, which is short.
 */
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'

export const SOCKET = 'agent.sock'
const MAX_ADDRESS_BYTES = 107

export type SocketPath = { readonly path: string; close(): void }

/** To be closed when the socket was opened. */
export function socketPath(folder: string): SocketPath {
  const path = join(folder, SOCKET)
  if (Buffer.byteLength(path) <= MAX_ADDRESS_BYTES || process.platform !== 'linux') return { path, close() {} }
  const handle = openSync(folder, 'r')
  return { path: `/proc/self/fd/${handle}/${SOCKET}`, close: () => closeSync(handle) }
}
