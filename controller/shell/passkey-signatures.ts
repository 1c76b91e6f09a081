/**
 * What a passkey has signed, as a browser sends it: read, and checked by @simplewebauthn/server against the challenge, the
 * page and the host that asked. The device must have made sure who holds it. Attestation is not asked for: any maker's
 * device is as good.
 */
import { z } from 'zod'
import { isRefusal, type Refusal, refuse } from '../../protocol/refusals.ts'
import type { PasskeyRecord } from './ports.ts'

/** Ed25519, ECDSA over P-256, and RSA for Windows Hello: as COSE numbers them. */
export const ALGORITHMS = [-8, -7, -257]
const REASON_CHARACTERS = 200

const Base64Url = z.base64url().max(8000)
const AnyCredential = { id: Base64Url.max(1400), rawId: Base64Url.max(1400), type: z.literal('public-key') }

/** What `PublicKeyCredential.toJSON` gives; browsers add to it, so what is not needed here is left out. */
export const CreatedCredential = z.object({
  ...AnyCredential,
  response: z.object({ clientDataJSON: Base64Url, attestationObject: Base64Url }),
})
export type CreatedCredential = z.infer<typeof CreatedCredential>
export const ShownCredential = z.object({
  ...AnyCredential,
  response: z.object({
    clientDataJSON: Base64Url,
    authenticatorData: Base64Url,
    signature: Base64Url,
    userHandle: Base64Url.max(100),
  }),
})
export type ShownCredential = z.infer<typeof ShownCredential>

/** The part of what was signed by which it is known who asked for it. */
const ClientData = z.object({ challenge: z.string().max(100), crossOrigin: z.boolean().default(false) })

/** What was asked for, and by which page of ours. */
type Asked = { challenge: string; origin: string }

/** The challenge that was signed; nothing for a page that another site has put into a frame. */
export function signedChallenge({ response }: CreatedCredential | ShownCredential): string | Refusal {
  try {
    const { challenge, crossOrigin } = ClientData.parse(
      JSON.parse(Buffer.from(response.clientDataJSON, 'base64url').toString()),
    )
    return crossOrigin ? notAccepted('it was asked for inside the page of another site') : challenge
  } catch (error) {
    return unreadable(error)
  }
}

export async function verifyCreated(
  credential: CreatedCredential,
  { challenge, origin }: Asked,
): Promise<Pick<PasskeyRecord, 'credential' | 'host' | 'publicKey' | 'counter'> | Refusal> {
  const { verifyRegistrationResponse } = await library()
  const host = new URL(origin).hostname
  const verified = await accepted(() =>
    verifyRegistrationResponse({
      response: { ...credential, clientExtensionResults: {} },
      ...{ expectedChallenge: challenge, expectedOrigin: origin, expectedRPID: host },
      supportedAlgorithmIDs: ALGORITHMS,
    }),
  )
  if (isRefusal(verified)) return verified
  if (!verified.verified) return notAccepted('its signature is wrong')
  const { id, publicKey, counter } = verified.registrationInfo.credential
  return { credential: id, host, publicKey, counter }
}

/** How often the device says that the passkey was used, if everything else is as it should be. */
export async function verifyShown(
  passkey: PasskeyRecord,
  credential: ShownCredential,
  { challenge, origin }: Asked,
): Promise<number | Refusal> {
  if (credential.response.userHandle !== passkey.userHandle) return notAccepted('it was shown for another account')
  const { verifyAuthenticationResponse } = await library()
  const verified = await accepted(() =>
    verifyAuthenticationResponse({
      response: { ...credential, clientExtensionResults: {} },
      ...{ expectedChallenge: challenge, expectedOrigin: origin, expectedRPID: new URL(origin).hostname },
      // The count is judged after the signature, so that nobody without the key can say that it was copied.
      credential: { id: passkey.credential, publicKey: new Uint8Array(passkey.publicKey), counter: 0 },
    }),
  )
  if (isRefusal(verified)) return verified
  return verified.verified ? verified.authenticationInfo.newCounter : notAccepted('its signature is wrong')
}

/** The library throws what it does not accept. */
async function accepted<Result>(verify: () => Promise<Result>): Promise<Result | Refusal> {
  try {
    return await verify()
  } catch (error) {
    return unreadable(error)
  }
}

function unreadable(error: unknown): Refusal {
  return notAccepted(error instanceof z.ZodError || !(error instanceof Error) ? 'it cannot be read' : error.message)
}

function notAccepted(why: string): Refusal {
  return refuse('wrong_passkey', `the passkey was not accepted: ${why.slice(0, REASON_CHARACTERS)}`)
}

/** Loaded when somebody first uses a passkey: it takes a fifth of a second and 28 MB, which most processes never need. */
function library(): Promise<typeof import('@simplewebauthn/server')> {
  return import('@simplewebauthn/server')
}
