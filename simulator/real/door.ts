/**
 * A door into a network namespace: it runs inside, gets a listening socket from the process outside, and hands each
 * connection on to a port in here. So a client on the machine's own loopback reaches a server in the namespace, and
 * nothing of the machine's network changes. It ends when the process that started it does.
 */
import { connect, type Server, type Socket } from 'node:net'

const port = Number(process.argv[2])

process.on('message', (_message: unknown, server: Server) => {
  server.on('connection', (outside: Socket) => {
    const inside = connect(port, '127.0.0.1')
    outside.pipe(inside).pipe(outside)
    outside.on('error', () => inside.destroy())
    inside.on('error', () => outside.destroy())
  })
  process.send?.('open')
})
process.on('disconnect', () => process.exit(0))
