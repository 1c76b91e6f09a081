/**
 * A process that floods one port with sockets that say nothing, from a hundred addresses of the loopback network, or from
 * the one that is given. It prints a line for each second: how many it has opened so far.
 */
import { connect } from 'node:net'

const [host = '', port = '', perSecond = '1500', only = ''] = process.argv.slice(2)
const STEP_MS = 20
let opened = 0
let begun = 0
const start = performance.now()
setInterval(() => {
  const due = ((performance.now() - start) / 1000) * Number(perSecond)
  for (; begun < due; begun++) {
    const localAddress = only === '' ? `127.0.1.${1 + (begun % 100)}` : only
    const socket = connect({ host, port: Number(port), localAddress })
    socket.on('connect', () => {
      opened += 1
    })
    // Refused, reset or out of ports: the next one comes in a moment.
    socket.on('error', () => socket.destroy())
  }
}, STEP_MS)
setInterval(() => console.log(opened), 1000)
