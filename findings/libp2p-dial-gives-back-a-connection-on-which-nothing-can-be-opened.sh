#!/usr/bin/env bash
# Guess: when the other end has closed a connection politely and only the socket is still open, as behind a proxy or a NAT
#        that does not pass the end on, the next dial() of that peer makes a new connection, since the old one's muxer
#        says that it is closed.
# What happens: the connection keeps the status "open", dial() gives it back each time, and newStream() on it fails with
#        ConnectionClosedError each time. So whoever keeps connections has to abort one on that error before dialling.
# Seen with: libp2p 3.3.11, @libp2p/tcp 11.0.28, @chainsafe/libp2p-noise 17.0.0, @libp2p/yamux 8.0.3, Node.js 26.10.0.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "type": "module", "private": true }' > package.json
npm install --silent --no-audit --no-fund --ignore-scripts=false node@26.10.0 libp2p@3.3.11 @libp2p/tcp@11.0.28 \
  @chainsafe/libp2p-noise@17.0.0 @libp2p/yamux@8.0.3 @multiformats/multiaddr@13.0.3 > npm.log 2>&1 || { cat npm.log; exit 1; }
cat > dial-again.js <<'JS'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { noise } from '@chainsafe/libp2p-noise'
import { tcp } from '@libp2p/tcp'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'

const GREETING = '/greeting/1'
const node = (listen) =>
  createLibp2p({
    addresses: { listen },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
  })
const listener = await node(['/ip4/127.0.0.1/tcp/0'])
await listener.handle(GREETING, (stream) => stream.close())
const port = Number(listener.getMultiaddrs()[0].toString().split('/')[4])

// It passes on all bytes, and not that one side has ended.
const sockets = []
const proxy = createServer({ allowHalfOpen: true }, (outer) => {
  const inner = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  sockets.push(outer, inner)
  for (const socket of [outer, inner]) socket.on('error', () => {})
  outer.pipe(inner, { end: false })
  inner.pipe(outer, { end: false })
})
proxy.listen(0, '127.0.0.1')
await once(proxy, 'listening')

const dialler = await node([])
const address = multiaddr(`/ip4/127.0.0.1/tcp/${proxy.address().port}/p2p/${listener.peerId}`)
const first = await dialler.dial(address)
await (await first.newStream(GREETING)).close()

const theirs = listener.getConnections(dialler.peerId)[0]
await theirs.close()
const tries = []
for (let turn = 0; turn < 6; turn++) {
  const again = await dialler.dial(address)
  const opened = await again.newStream(GREETING).then(
    () => 'opened',
    (error) => error.name,
  )
  tries.push(`${again.id === first.id ? 'the same connection' : 'another connection'}, ${again.status}, ${opened}`)
}
// The first tries may come before the close has been heard of.
console.log(tries.slice(-3).join('\n'))
process.exit(0)
JS
node=$(find node_modules -path '*bin/node' -type f | head -1)
echo "Node.js: $("$node" --version)"
for name in libp2p @libp2p/tcp @chainsafe/libp2p-noise @libp2p/yamux; do
  echo "$name: $("$node" -p "JSON.parse(fs.readFileSync('node_modules/$name/package.json')).version")"
done
seen=$(timeout 60 "$node" dial-again.js)
echo "the last three of six dials after the other end has closed:"
echo "$seen"
[ "$(sort -u <<< "$seen")" = 'the same connection, open, ConnectionClosedError' ] || { echo 'changed: a dial does something else'; exit 1; }
