/**
 * Keeps an open page true: on each event it fetches the same address again and changes only what differs in the parts
 * marked `data-live`, so ticked boxes, open details, focus and selection stay. When the Service Center cannot be heard
 * it says how old the numbers are.
 */
// @ts-check
import { forWhom, showInstead, signInElsewhere } from './answers.js'
import { duration, localize } from './times.js'

const REFRESH_PAUSE_MS = 400
/** A page of ten thousand appliances takes longer: it rests this many times as long as it took. */
const REFRESH_REST = 4
const RETRY_MS = 3000
const SPREAD_MS = 250
const AGE_STEP_MS = 5000
const connection = /** @type {HTMLElement} */ (document.getElementById('connection'))

/** @type {EventSource | undefined} */
let source
/** The last moment at which the page was true, while nothing can be heard. @type {number | undefined} */
let trueUntil
let busy = false
/** Of what the page shows now. */
let tag = ''
let again = false
/** @type {number | undefined} */
let soon

/** Makes `from` look like `to`. What the person did (ticked, opened, typed) is theirs. */
function morph(/** @type {Node} */ from, /** @type {Node} */ to) {
  if (from instanceof Element && to instanceof Element) {
    for (const { name, value } of to.attributes) if (!isTheirs(name) && from.getAttribute(name) !== value) from.setAttribute(name, value)
    for (const { name } of [...from.attributes]) if (!isTheirs(name) && !to.hasAttribute(name)) from.removeAttribute(name)
    morphChildren(from, to)
  } else if (from.nodeValue !== to.nodeValue) from.nodeValue = to.nodeValue
}

function isTheirs(/** @type {string} */ attribute) {
  return attribute === 'open' || attribute === 'checked' || attribute === 'selected'
}

function morphChildren(/** @type {Element} */ from, /** @type {Element} */ to) {
  let place = from.firstChild
  for (const wanted of [...to.childNodes]) {
    const id = wanted instanceof Element ? wanted.id : ''
    const isNext = id === '' || (place instanceof Element && place.id === id)
    const known = isNext ? place : [...from.children].find((child) => child.id === id)
    const fits = known?.nodeName === wanted.nodeName && (known instanceof Element ? known.id : '') === id
    if (known == null || !fits) {
      from.insertBefore(document.importNode(wanted, true), place)
      continue
    }
    if (known === place) place = place.nextSibling
    else from.insertBefore(known, place)
    morph(known, wanted)
  }
  while (place !== null) {
    const next = place.nextSibling
    place.remove()
    place = next
  }
}

async function refresh() {
  again = busy
  if (busy) return
  busy = true
  const began = performance.now()
  try {
    const answer = await fetch(location.href, {
      headers: { Accept: 'text/html', 'Patchmesh-Refresh': '1', 'If-None-Match': tag, ...forWhom() },
    })
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html')
    localize(fresh)
    if (answer.status === 401) tell('You are signed out. What you entered here stays. ', signInElsewhere())
    else if (answer.status === 409) tell('Somebody else has signed in with this browser. What this page shows is not for them: load it again.')
    else if (answer.status === 304) told()
    else if (answer.status >= 500) lost()
    else if (!answer.ok) showInstead(fresh)
    else {
      for (const region of document.querySelectorAll('[data-live]')) {
        const wanted = fresh.querySelector(`[data-live="${region.getAttribute('data-live')}"]`)
        if (wanted !== null) morph(region, wanted)
      }
      tag = answer.headers.get('ETag') ?? ''
      told()
    }
  } catch (error) {
    console.info('could not refresh', error)
    lost()
  }
  setTimeout(() => {
    busy = false
    if (again) refresh()
  }, Math.max(REFRESH_PAUSE_MS, REFRESH_REST * (performance.now() - began)))
}

/** Everybody hears of a change at the same moment; not everybody asks at the same moment. */
function refreshSoon() {
  soon ??= setTimeout(() => {
    soon = undefined
    refresh()
  }, SPREAD_MS * Math.random())
}

function told() {
  if (source?.readyState === EventSource.OPEN) {
    trueUntil = undefined
    tell('')
  }
  document.dispatchEvent(new Event('refreshed'))
}

function tell(/** @type {string} */ sentence, /** @type {Node[]} */ ...more) {
  connection.replaceChildren(sentence, ...more)
  connection.hidden = sentence === ''
}

function lost() {
  if (trueUntil !== undefined) return
  trueUntil = Date.now()
  const age = document.createElement('span')
  // Told once to who listens, and counted for who looks.
  age.setAttribute('aria-live', 'off')
  tell('Not connected; trying again. ', age)
  tellAge(age)
}

function tellAge(/** @type {HTMLElement} */ age) {
  if (trueUntil === undefined) return
  age.textContent = `The numbers are ${duration((Date.now() - trueUntil) / 1000)} old.`
  setTimeout(tellAge, AGE_STEP_MS, age)
}

function listen() {
  const stream = new EventSource('/api/v1/events')
  source = stream
  for (const topic of ['patches', 'installs', 'appliances']) stream.addEventListener(topic, refreshSoon)
  stream.onopen = refresh
  stream.onerror = () => {
    lost()
    if (stream.readyState !== EventSource.CLOSED) return
    refresh()
    setTimeout(() => source === stream && listen(), RETRY_MS)
  }
}

// A browser opens only six connections to one host: windows that nobody looks at give theirs back.
document.addEventListener('visibilitychange', () => {
  source?.close()
  source = undefined
  if (!document.hidden) listen()
})
document.addEventListener('refresh', refresh)
// Back to a page from before the sign-out: what the browser kept of it is not shown for longer than this takes.
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) location.reload()
})
if (!document.hidden) listen()
