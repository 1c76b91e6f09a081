/**
 * One request to the API and its answer on the page: a refusal is shown in place, in the words of the Service Center. A
 * button that has been pressed is off until its answer is here, so a double click asks once.
 */
// @ts-check
export const byId = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id))

/** Who this page was made for: somebody else may have signed in with this browser since. @returns {Record<string, string>} */
export function forWhom() {
  const { person } = document.body.dataset
  return person === undefined ? {} : { 'Patchmesh-Person': person }
}

/**
 * @param {string} method
 * @param {string} address
 * @param {unknown} [body]
 * @returns {Promise<any>} the answer, or an Error that a person can read
 */
export async function ask(method, address, body) {
  const headers = forWhom()
  const json = { headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
  const answer = await fetch(address, body === undefined ? /** @type {RequestInit} */ ({ method, headers }) : { method, ...json })
  return read(answer.ok, await answer.text())
}

export function read(/** @type {boolean} */ ok, /** @type {string} */ text) {
  const json = text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : {}
  if (ok) return json
  const { code, message = 'the Service Center did not answer', hint = 'Try again.' } = json.error ?? {}
  throw Object.assign(new Error(message), { hint, code })
}

/** What begins otherwise begins with a name, which has no capital of ours; as in words.ts. */
const PLAIN_WORD = /^[a-z']+(?:[\s,:;!?]|\.\s|\.?$)/

/** Shows an outcome as text, never as markup. */
export function show(/** @type {HTMLElement} */ place, /** @type {'success' | 'danger'} */ tone, /** @type {string[]} */ ...lines) {
  const box = document.createElement('div')
  box.className = `pf-v6-c-alert pf-m-inline pf-m-${tone}`
  for (const [index, line] of lines.entries()) {
    const text = document.createElement('p')
    text.className = index === 0 ? 'pf-v6-c-alert__title' : 'pf-v6-c-alert__description'
    text.textContent = PLAIN_WORD.test(line) ? line.charAt(0).toUpperCase() + line.slice(1) : line
    box.append(text)
  }
  place.replaceChildren(box)
}

function failed(/** @type {HTMLElement} */ place, /** @type {any} */ error) {
  if (error.code !== 'unauthenticated') return show(place, 'danger', error.message, error.hint ?? 'Check the connection and try again.')
  show(place, 'danger', 'You are signed out. What you entered here stays: sign in again, and then press once more.')
  place.firstElementChild?.append(signInElsewhere())
}

/** Leads to the form in another window, and from there to this page: here nothing is lost. */
export function signInElsewhere() {
  const anchor = document.createElement('a')
  anchor.textContent = 'Sign in in another window'
  anchor.href = `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`
  anchor.target = '_blank'
  return anchor
}

/** Another page in place of this one, all but what tells of the connection. */
export function showInstead(/** @type {Document} */ fresh) {
  const parts = [...(fresh.querySelector('main')?.children ?? [])].filter(({ id }) => id !== 'connection')
  byId('main').replaceChildren(byId('connection'), ...parts)
  document.title = fresh.title
}

/** Runs `act` once however often the button is pressed meanwhile. */
export async function once(/** @type {HTMLButtonElement} */ button, /** @type {HTMLElement} */ outcome, /** @type {() => Promise<void>} */ act) {
  if (button.disabled) return
  button.disabled = true
  outcome.replaceChildren()
  try {
    await act()
  } catch (error) {
    failed(outcome, error)
  }
  button.disabled = false
}
