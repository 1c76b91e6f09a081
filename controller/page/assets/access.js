/**
 * The pages about access: each form says in `data-ask` which request it is, each button too. What is answered once, a
 * link or a token, is shown in a dialog of its own.
 */
// @ts-check
import { ask, byId, HOME, once } from './answers.js'

/** @type {string} what the question that is open would do */
let asked = ''

/** The fields of a form as the API takes them: ticked organizations are a list, none of them no limit. */
function valuesOf(/** @type {HTMLFormElement} */ form) {
  /** @type {Record<string, unknown>} */
  const values = {}
  for (const field of /** @type {Iterable<any>} */ (form.elements)) {
    const { name, type, value, disabled } = field
    if (name === '' || name === 'organization' || disabled || field.closest('[hidden]') !== null) continue
    values[name] = type === 'checkbox' ? field.checked : type === 'number' ? Number(value) : value
  }
  const chosen = [...form.querySelectorAll('[name=organization]:checked')].map((box) => /** @type {any} */ (box).value)
  if (form.querySelector('[name=role]') !== null) values.organizations = chosen.length === 0 ? null : chosen
  return values
}

/** Empty, or with what there is: then only what can change is sent. */
function fill(/** @type {any} */ dialog, /** @type {any} */ values, /** @type {string | undefined} */ address) {
  const form = dialog.querySelector('form')
  form.reset()
  form.dataset.asks = address === undefined ? form.dataset.ask : `PATCH ${address}`
  for (const part of dialog.querySelectorAll('[data-when=changing]')) part.hidden = address === undefined
  const heading = dialog.querySelector('[data-adds]')
  if (heading !== null)
    heading.textContent = address === undefined ? heading.dataset.adds : `${heading.dataset.changes} ${values.name}`
  for (const field of form.elements) {
    if (field.name === 'name') field.disabled = address !== undefined
    if (!(field.name in values)) continue
    if (field.name === 'organization') field.checked = values.organization.includes(field.value)
    else if (field.type === 'checkbox') field.checked = values[field.name]
    else field.value = values[field.name]
  }
  dialog.querySelector('[role=alert]').replaceChildren()
  dialog.showModal()
}

function showSecret(/** @type {any} */ answer) {
  const secret = answer.signInLink ?? answer.token
  if (secret == null) return
  byId('secret-title').textContent = answer.token === undefined ? 'A sign-in link to hand on' : `The API token ${answer.name}`
  byId('secret').textContent = secret
  byId('secret-dialog').showModal()
}

async function send(/** @type {string} */ request, /** @type {any} */ values, /** @type {string | undefined} */ then) {
  const [method = '', address = ''] = request.split(' ')
  const answer = await ask(method, address, values)
  if (then === 'sign-in') {
    const body = new URLSearchParams({ name: values.name, password: values.password })
    await fetch('/sign-in', { method: 'POST', body, redirect: 'manual' })
  }
  if (then !== undefined) return location.assign(HOME)
  document.dispatchEvent(new Event('refresh'))
  showSecret(answer)
}

document.addEventListener('submit', (event) => {
  const form = /** @type {any} */ (event.target)
  const isQuestion = form.closest('#confirm-dialog') !== null
  const request = isQuestion ? asked : (form.dataset.asks ?? form.dataset.ask)
  if (request === undefined) return
  event.preventDefault()
  once(form.querySelector('[type=submit]'), byId(form.dataset.outcome), async () => {
    await send(request, isQuestion ? {} : valuesOf(form), form.dataset.then)
    form.closest('dialog')?.close()
  })
})

document.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('button') : null
  if (button === null) return
  const { fills, values, address, ask: request, question } = button.dataset
  if (fills !== undefined) fill(byId(fills), JSON.parse(values ?? '{}'), address)
  if (request !== undefined && question !== undefined) {
    asked = request
    byId('confirm-question').textContent = question
    byId('confirm-button').textContent = button.textContent
    byId('confirm-outcome').replaceChildren()
    byId('confirm-dialog').showModal()
  }
})
