/**
 * What a person can do on a page besides uploading: install, cancel, withdraw, sign out. Each is one request.
 */
// @ts-check
import { ask, byId, HOME, once, read } from './answers.js'
import { keepAddress } from './here.js'

const boxes = () => /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('#organizations input')])

function explainInstall() {
  const button = byId('install-button')
  if (button === null) return
  const all = boxes().length
  const chosen = boxes().filter(({ checked }) => checked).length
  button.disabled = chosen === 0
  byId('choose-all').checked = all > 0 && chosen === all
  byId('choose-all').indeterminate = chosen > 0 && chosen < all
  byId('install-hint').textContent =
    all === 0 ? 'There is nothing to install.' : chosen === 0 ? 'Choose at least one organization.' : `${chosen} of ${all} organizations chosen.`
}

function keepChoice() {
  const query = new URLSearchParams(location.search)
  query.delete('organization')
  for (const { checked, value } of boxes()) if (checked) query.append('organization', value)
  const dataCenter = byId('data-center').value
  dataCenter === 'All' ? query.delete('dataCenter') : query.set('dataCenter', dataCenter)
  keepAddress(query.size === 0 ? location.pathname : `?${query}`, true)
}

byId('install-form')?.addEventListener('change', (/** @type {Event} */ event) => {
  if (event.target === byId('choose-all')) for (const box of boxes()) box.checked = byId('choose-all').checked
  keepChoice()
  if (event.target === byId('data-center')) document.dispatchEvent(new Event('refresh'))
  explainInstall()
})
byId('install-form')?.addEventListener('submit', (/** @type {SubmitEvent} */ event) => {
  event.preventDefault()
  const form = byId('install-form')
  const query = new URLSearchParams(/** @type {any} */ (new FormData(form)))
  once(byId('install-button'), byId('install-refusal'), async () => {
    const answer = await fetch(`${form.action}?${query}`)
    const text = await answer.text()
    if (!answer.ok) read(false, text)
    const confirmation = new DOMParser().parseFromString(text, 'text/html').getElementById('install-confirmation')
    byId('install-dialog').replaceChildren(confirmation ?? '')
    byId('install-dialog').showModal()
  })
})

document.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('button') : null
  if (button === null) return
  const { opens, closes, copies, action, install } = button.dataset
  if (copies !== undefined) copy(button, byId(copies))
  if (opens !== undefined) byId(opens).showModal()
  if (closes !== undefined) byId(closes) === null ? history.back() : byId(closes).close()
  if (action === 'sign-out') ask('POST', '/sign-out', undefined).finally(() => location.assign(HOME))
  if (action === 'cancel-install')
    once(button, byId('installs-refusal'), () => ask('POST', `/api/v1/installs/${install}/cancel`, undefined))
  if (action === 'start-install') {
    event.preventDefault()
    const order = JSON.parse(byId('install-confirmation').dataset.order)
    once(button, byId('install-outcome'), async () => {
      const { name, version } = await ask('POST', '/api/v1/installs', { ...order, allowOutage: byId('allow-outage')?.checked ?? false })
      if (byId('install-dialog') === null) return location.assign(`${HOME}/${encodeURIComponent(`${name}@${version}`)}`)
      byId('install-dialog').close()
      for (const box of boxes()) box.checked = false
      keepChoice()
      document.dispatchEvent(new Event('refresh'))
      byId('installs').scrollIntoView({ block: 'nearest' })
    })
  }
})

const COPIED_MS = 3000

/** Where the browser keeps its clipboard from pages without TLS, the text is selected instead. */
async function copy(/** @type {HTMLButtonElement} */ button, /** @type {HTMLElement} */ place) {
  getSelection()?.selectAllChildren(place)
  try {
    await navigator.clipboard.writeText((place.textContent ?? '').trim())
    button.textContent = 'Copied'
    setTimeout(() => (button.textContent = 'Copy'), COPIED_MS)
  } catch (error) {
    console.info('could not copy', error)
    button.textContent = 'Selected: press Ctrl-C'
  }
}

byId('withdraw-form')?.addEventListener('submit', (/** @type {SubmitEvent} */ event) => {
  event.preventDefault()
  const form = byId('withdraw-form')
  once(form.querySelector('[type=submit]'), byId('withdraw-outcome'), async () => {
    await ask('DELETE', `/api/v1/patches/${form.dataset.patch}`, { reason: byId('withdraw-reason').value })
    location.assign(HOME)
  })
})

/** A form that is on its way is not sent again; after the browser's Back it may be. */
document.addEventListener('submit', (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target)
  if (form.dataset.once === undefined) return
  const [button] = /** @type {NodeListOf<HTMLButtonElement>} */ (form.querySelectorAll('[type=submit]'))
  if (button !== undefined) setTimeout(() => (button.disabled = true))
})
window.addEventListener('pageshow', () => {
  for (const button of document.querySelectorAll('form[data-once] [type=submit]')) /** @type {HTMLButtonElement} */ (button).disabled = false
})

document.addEventListener('refreshed', explainInstall)
explainInstall()
