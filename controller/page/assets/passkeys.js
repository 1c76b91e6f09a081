/**
 * Passkeys: the browser asks the person's device, what it signs goes to the Service Center. The button to sign in with
 * one is there only where the browser has passkeys, which no address in numbers has.
 */
// @ts-check
import { ask, byId, once } from './answers.js'

const hasPasskeys = 'PublicKeyCredential' in window && 'parseRequestOptionsFromJSON' in PublicKeyCredential && !/^\[|^[\d.]+$/.test(location.hostname)

/** What the browser says in its own words, in ours. @type {Record<string, [message: string, hint: string]>} */
const REASONS = {
  NotAllowedError: ['no passkey was used', 'The question of the browser was closed, or nobody answered it. Try again.'],
  InvalidStateError: ['this device has a passkey of yours already', 'Use that one, or another device.'],
  SecurityError: ['the browser has no passkeys for this address', 'Open the page by its host name, over HTTPS.'],
}

/** The JSON of what the device answers, or an Error that a person can read. */
async function answerOf(/** @type {() => Promise<Credential | null>} */ askDevice) {
  try {
    const credential = /** @type {PublicKeyCredential | null} */ (await askDevice())
    return credential?.toJSON()
  } catch (error) {
    const [message, hint] = REASONS[error instanceof DOMException ? error.name : ''] ?? [String(error), undefined]
    throw Object.assign(new Error(message), { hint })
  }
}

byId('passkey-form')?.addEventListener('submit', (/** @type {SubmitEvent} */ event) => {
  event.preventDefault()
  const form = byId('passkey-form')
  once(form.querySelector('[type=submit]'), byId('passkey-outcome'), async () => {
    const options = await ask('POST', '/api/v1/passkeys/challenge', { current: byId('passkey-current')?.value ?? '' })
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options)
    const credential = await answerOf(() => navigator.credentials.create({ publicKey }))
    await ask('POST', '/api/v1/passkeys', { name: byId('passkey-name').value, credential })
    form.reset()
    byId('passkey-dialog').close()
    document.dispatchEvent(new Event('refresh'))
  })
})

const signIn = byId('passkey-sign-in')
if (signIn !== null) signIn.hidden = !hasPasskeys
signIn?.querySelector('button').addEventListener('click', (/** @type {MouseEvent} */ event) => {
  once(/** @type {HTMLButtonElement} */ (event.currentTarget), byId('passkey-outcome'), async () => {
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(await ask('POST', '/sign-in/passkey/challenge', {}))
    const credential = await answerOf(() => navigator.credentials.get({ publicKey }))
    const { next } = await ask('POST', '/sign-in/passkey', { credential, next: byId('next').value })
    location.assign(next)
  })
})
