/**
 * Sends the forms that do something, so that a refusal is told in place and what was typed stays. An answer that leads
 * back to this page refreshes it, one that leads elsewhere is followed, one that asks anew takes the place of the form,
 * and one that is a page itself is shown: a secret that was made is in no other. A button that only asks anew, with what was
 * chosen, sends nothing: the answer takes the place of the form too.
 */
// @ts-check
import { byId, forWhom, once, read, showInstead } from './answers.js'
import { localize } from './times.js'

const never = () => new Promise(() => {})

document.addEventListener('submit', (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target)
  if (event.defaultPrevented || form.getAttribute('method') !== 'post') return
  event.preventDefault()
  const button = event.submitter ?? form.querySelector('[type=submit]')
  if (button?.getAttribute('formmethod') === 'get') return showAnew(form, /** @type {HTMLButtonElement} */ (button))
  once(/** @type {HTMLButtonElement} */ (button), placeFor(form), async () => {
    const fields = new FormData(form)
    const body = form.enctype === 'multipart/form-data' ? fields : new URLSearchParams(/** @type {any} */ (fields))
    const headers = { Accept: 'application/json', ...forWhom() }
    const answer = await fetch(form.getAttribute('action') ?? '', { method: 'POST', headers, body })
    const text = await answer.text()
    if (!answer.ok && askAgain(form, text)) return
    if (answer.headers.get('Content-Type')?.startsWith('text/html')) return showPage(text)
    const { leadsTo } = read(answer.ok, text)
    if (new URL(leadsTo, location.href).pathname !== location.pathname) {
      location.assign(leadsTo)
      // The button stays off until the other page is there.
      return never()
    }
    form.closest('dialog')?.close()
    form.reset()
    form.dispatchEvent(new Event('sent', { bubbles: true }))
    document.dispatchEvent(new Event('refresh'))
  })
})

function showAnew(/** @type {HTMLFormElement} */ form, /** @type {HTMLButtonElement} */ button) {
  once(button, placeFor(form), async () => {
    const query = new URLSearchParams(/** @type {any} */ (new FormData(form)))
    const answer = await fetch(`${button.getAttribute('formaction')}?${query}`, { headers: forWhom() })
    const text = await answer.text()
    if (!answer.ok || !askAgain(form, text)) read(answer.ok, text)
    byId(button.id)?.focus({ preventScroll: true })
  })
}

/** A question that has to be asked anew takes the place of the one that was answered. */
function askAgain(/** @type {HTMLFormElement} */ form, /** @type {string} */ text) {
  const fresh = new DOMParser().parseFromString(text, 'text/html')
  const anew = form.id === '' ? null : fresh.getElementById(form.id)
  if (anew === null) return false
  localize(fresh)
  for (const { id } of form.querySelectorAll('details[open]')) anew.querySelector(`[id="${CSS.escape(id)}"]`)?.setAttribute('open', '')
  form.replaceWith(anew)
  anew.querySelector('h2')?.scrollIntoView({ block: 'nearest' })
  return true
}

/** Where the form says what became of it; one without such a place gets it. */
function placeFor(/** @type {HTMLFormElement} */ form) {
  const known = byId(form.dataset.outcome ?? '') ?? form.querySelector('[role=alert]')
  if (known !== null) return known
  const place = document.createElement('div')
  place.setAttribute('role', 'alert')
  form.append(place)
  return place
}

function showPage(/** @type {string} */ text) {
  const fresh = new DOMParser().parseFromString(text, 'text/html')
  localize(fresh)
  showInstead(fresh)
  byId('main').focus()
  byId('main').scrollTo(0, 0)
  scrollTo(0, 0)
}
