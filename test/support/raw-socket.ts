/**
 * Bytes on a socket exactly as written, for requests that no client would send.
 */
import { connect, type Socket } from 'node:net'

/** Everything that is answered until the other side ends the connection. */
export async function rawExchange(url: string, bytes: string): Promise<string> {
  const socket = rawSocket(url)
  socket.write(bytes, 'latin1')
  let answered = ''
  for await (const chunk of socket.setEncoding('latin1')) answered += chunk
  return answered
}

/** A connection whose end is no error, however it comes. */
export function rawSocket(url: string): Socket {
  const { hostname, port } = new URL(url)
  return connect(Number(port), hostname).on('error', () => 'the other side may cut it')
}
