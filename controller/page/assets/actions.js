/**
 * Choosing the organizations and the Data Center of an install, its confirmation as a dialog, and copying. Without it the
 * confirmation is a page of its own.
 */
// @ts-check
import { byId, once, read } from './answers.js'
import { keepAddress } from './here.js'
import { localize } from './times.js'

const boxes = () => /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('#organizations input')])

/** Chosen, and not in the list now: the Data Center that is shown has nothing of theirs to patch. */
function hiddenChoices() {
  const shown = boxes().map(({ value }) => value)
  return new URLSearchParams(location.search).getAll('organization').filter((name) => !shown.includes(name))
}

function explainInstall() {
  const button = byId('install-button')
  if (button === null) return
  const all = boxes().length
  const chosen = boxes().filter(({ checked }) => checked).length
  button.disabled = chosen === 0
  byId('choose-all').checked = all > 0 && chosen === all
  byId('choose-all').indeterminate = chosen > 0 && chosen < all
  const hidden = hiddenChoices()
  const hint = all === 0 ? 'There is nothing to install.' : chosen === 0 ? 'Choose at least one organization.' : `${chosen} of ${all} organizations chosen.`
  byId('install-hint').textContent = hidden.length === 0 ? hint : `${hint} Kept, with nothing to patch here: ${hidden.join(', ')}.`
}

function keepChoice() {
  const query = new URLSearchParams(location.search)
  const hidden = hiddenChoices()
  query.delete('organization')
  for (const name of hidden) query.append('organization', name)
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
    const fresh = new DOMParser().parseFromString(text, 'text/html')
    localize(fresh)
    byId('install-dialog').replaceChildren(fresh.getElementById('install-confirmation') ?? '')
    byId('install-dialog').showModal()
  })
})

/** It has begun: the choice is made, and what is under way is looked at. */
document.addEventListener('sent', (event) => {
  if (event.target !== byId('install-confirmation')) return
  for (const box of boxes()) box.checked = false
  keepChoice()
  byId('installs').scrollIntoView({ block: 'nearest' })
})

document.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('button') : null
  if (button?.dataset.copies !== undefined) copy(button, byId(button.dataset.copies))
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

document.addEventListener('refreshed', explainInstall)
explainInstall()
