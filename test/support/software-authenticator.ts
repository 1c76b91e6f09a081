/**
 * A passkey in software, beside the code that checks it and sharing none: a P-256 key that answers as a browser and its
 * device would. It can lie about everything that a stolen, copied or misled device could.
 */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { encode } from 'cborg'

const PRESENT = 0x01
const VERIFIED = 0x04
const ATTESTED = 0x40

export type Options = { challenge: string; rp?: { id: string }; rpId?: string; user?: { id: string } }
/** Where what it signs differs from what is true. */
export type Lies = {
  origin?: string
  host?: string
  counter?: number
  verified?: boolean
  userHandle?: string
  credential?: string
  crossOrigin?: boolean
}

export type SoftwarePasskey = {
  readonly credential: string
  create(options: Options, lies?: Lies): object
  show(options: Options, lies?: Lies): object
}

/** `origin`: of the page on which the browser believes to be. */
export function softwarePasskey(origin: string): SoftwarePasskey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const credential = randomBytes(16).toString('base64url')
  let userHandle = ''
  let uses = 0

  const clientData = (type: string, { challenge }: Options, lies: Lies) =>
    Buffer.from(
      JSON.stringify({ type, challenge, origin: lies.origin ?? origin, crossOrigin: lies.crossOrigin ?? false }),
    )

  const deviceData = (host: string, lies: Lies, attested: Buffer = Buffer.alloc(0)) => {
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(lies.counter ?? uses)
    const flags = PRESENT | (lies.verified === false ? 0 : VERIFIED) | (attested.length > 0 ? ATTESTED : 0)
    return Buffer.concat([sha256(lies.host ?? host), Buffer.from([flags]), counter, attested])
  }
  const answer = (response: Record<string, Buffer | string>, lies: Lies) => {
    const texts = Object.entries(response).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : value.toString('base64url'),
    ])
    const id = lies.credential ?? credential
    return { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response: Object.fromEntries(texts) }
  }
  return {
    credential,
    create(options, lies = {}) {
      userHandle = options.user?.id ?? ''
      const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
      const id = Buffer.from(lies.credential ?? credential, 'base64url')
      const length = Buffer.from([id.length >> 8, id.length & 0xff])
      const attested = Buffer.concat([Buffer.alloc(16), length, id, coseKey(x, y)])
      const authData = deviceData(options.rp?.id ?? '', lies, attested)
      const attestationObject = Buffer.from(encode({ fmt: 'none', attStmt: {}, authData }))
      return answer({ clientDataJSON: clientData('webauthn.create', options, lies), attestationObject }, lies)
    },
    show(options, lies = {}) {
      uses++
      const clientDataJSON = clientData('webauthn.get', options, lies)
      const authenticatorData = deviceData(options.rpId ?? '', lies)
      const signature = sign('sha256', Buffer.concat([authenticatorData, sha256(clientDataJSON)]), privateKey)
      return answer({ clientDataJSON, authenticatorData, signature, userHandle: lies.userHandle ?? userHandle }, lies)
    },
  }
}

/** An elliptic-curve key for ECDSA over P-256, as COSE writes it. */
function coseKey(x: string, y: string): Buffer {
  const fields: [number, number | Buffer][] = [
    [1, 2],
    [3, -7],
    [-1, 1],
    [-2, Buffer.from(x, 'base64url')],
    [-3, Buffer.from(y, 'base64url')],
  ]
  return Buffer.from(encode(new Map(fields)))
}

function sha256(bytes: string | Buffer): Buffer {
  return createHash('sha256').update(bytes).digest()
}
