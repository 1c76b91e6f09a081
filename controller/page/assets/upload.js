/**
 * Upload: a row for each chosen or dropped file, sent one after the other, with how far it is, that it is being checked,
 * and the outcome. How a file is sent, and goes on after a cut, is in resumable.js.
 */
// @ts-check
import { byId, once, show } from './answers.js'
import { sendFile } from './resumable.js'
import { duration } from './times.js'

/** The rate is that of the last few seconds, so that the time left follows the connection. */
const RATE_WINDOW_MS = 5000
const UNITS = ['bytes', 'KiB', 'MiB', 'GiB']

/** @typedef {{ file: File, part: (name: string) => any, row: HTMLElement, state: 'ready' | 'sending' | 'ended', stop: AbortController, id?: string }} Entry */
/** @type {Entry[]} */
let queue = []

function size(/** @type {number} */ bytes) {
  const unit = Math.min(UNITS.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  return unit === 0 ? `${bytes} bytes` : `${(Math.floor((10 * bytes) / 1024 ** unit) / 10).toFixed(1)} ${UNITS[unit]}`
}

/** Rows that have ended make room. */
function choose(/** @type {File[]} */ files) {
  for (const { row } of queue.filter(({ state }) => state === 'ended')) row.remove()
  queue = queue.filter(({ state }) => state !== 'ended')
  byId('upload-outcome').replaceChildren()
  for (const file of files) {
    const row = byId('upload-row').content.firstElementChild.cloneNode(true)
    /** @type {Entry} */
    const entry = { file, row, state: 'ready', stop: new AbortController(), part: (name) => row.querySelector(`[data-part=${name}]`) }
    entry.part('name').textContent = file.name
    entry.part('numbers').textContent = size(file.size)
    entry.part('bar').setAttribute('aria-label', `Sent of ${file.name}`)
    entry.part('stop').setAttribute('aria-label', `Remove ${file.name}`)
    entry.part('stop').onclick = () => stop(entry)
    byId('upload-queue').append(row)
    queue.push(entry)
  }
  countReady()
}

function countReady() {
  const ready = queue.filter(({ state }) => state === 'ready').length
  byId('upload-name').textContent = ready === 0 ? 'No file chosen' : `${ready} file${ready === 1 ? '' : 's'} chosen`
}

function stop(/** @type {Entry} */ entry) {
  entry.stop.abort()
  if (entry.state === 'sending') return
  entry.row.remove()
  queue = queue.filter((other) => other !== entry)
  countReady()
}

/** Tells how much is sent, how fast, and how long it will take. */
function meter(/** @type {Entry} */ { file, part }) {
  /** @type {{ at: number, bytes: number }[]} */
  const samples = []
  return (/** @type {number} */ bytes) => {
    const at = performance.now()
    // What another request sent before is no rate of this one.
    if (bytes < (samples.at(-1)?.bytes ?? 0)) samples.length = 0
    samples.push({ at, bytes })
    while (samples.length > 2 && at - (samples[0]?.at ?? at) > RATE_WINDOW_MS) samples.shift()
    const first = samples[0] ?? { at, bytes }
    const rate = ((bytes - first.bytes) / Math.max(1, at - first.at)) * 1000
    const percent = file.size === 0 ? 100 : Math.floor((100 * bytes) / file.size)
    part('bar').value = percent
    const left = rate > 0 ? `, ${size(Math.round(rate))}/s, ${duration((file.size - bytes) / rate)} left` : ''
    part('numbers').textContent = `${percent} %, ${size(bytes)} of ${size(file.size)}${left}`
    part('status').textContent = 'Uploading…'
  }
}

async function upload(/** @type {Entry} */ entry) {
  const { file, part } = entry
  entry.state = 'sending'
  countReady()
  part('bar').hidden = false
  part('stop').textContent = 'Cancel'
  part('stop').setAttribute('aria-label', `Cancel ${file.name}`)
  part('status').textContent = 'Starting…'
  try {
    const { patch, created } = await sendFile(file, {
      signal: entry.stop.signal,
      began: (id) => {
        entry.id = id
      },
      sent: meter(entry),
      whole: () => {
        part('bar').removeAttribute('value')
        part('status').textContent = 'Checking…'
      },
      waits: (ms) => {
        if (ms === 0) return
        part('numbers').textContent = part('numbers').textContent.split(', ', 2).join(', ')
        part('status').textContent = `The connection was lost. It goes on by itself, next in ${duration(ms / 1000)}.`
      },
    })
    const { name, version } = await (await fetch(`/api/v1/patches/${patch}`)).json()
    const next = created ? 'Its replication has started.' : 'The same file was there already; nothing changed.'
    show(part('outcome'), 'success', `The patch ${name} ${version} is in the Service Center.`, next)
  } catch (error) {
    const { message, hint = 'Choose the file again to go on.' } = /** @type {any} */ (error)
    show(part('outcome'), 'danger', message, hint)
  }
  entry.state = 'ended'
  for (const name of ['bar', 'stop', 'numbers', 'status']) part(name).hidden = true
  document.dispatchEvent(new Event('refresh'))
}

byId('upload-file')?.addEventListener('change', () => {
  choose([...byId('upload-file').files])
  // The rows are the choice now; the same file can be chosen again.
  byId('upload-file').value = ''
})

const drop = byId('upload-drop')?.closest('.pf-v6-c-card')
for (const kind of ['dragenter', 'dragover', 'dragleave', 'drop']) {
  drop?.addEventListener(kind, (/** @type {DragEvent} */ event) => {
    event.preventDefault()
    const leaves = kind === 'dragleave' && !drop.contains(/** @type {Node | null} */ (event.relatedTarget))
    if (kind !== 'dragleave' || leaves) byId('upload-drop').classList.toggle('pm-over', kind === 'dragenter' || kind === 'dragover')
    if (kind === 'drop') choose([...(event.dataTransfer?.files ?? [])])
  })
}

byId('upload-form')?.addEventListener('submit', (/** @type {SubmitEvent} */ event) => {
  event.preventDefault()
  once(byId('upload-button'), byId('upload-outcome'), async () => {
    const next = () => queue.find(({ state }) => state === 'ready')
    if (next() === undefined) return show(byId('upload-outcome'), 'danger', 'No file is chosen.', 'Choose one with Browse first.')
    for (let entry = next(); entry !== undefined; entry = next()) await upload(entry)
  })
})

/** Nothing would be lost, but it would stop, which nobody means who only follows a link. */
addEventListener('beforeunload', (event) => {
  if (queue.some(({ state }) => state === 'sending')) event.preventDefault()
})

/** What has a row above, because it goes on by itself, needs nobody to go on with it. */
function hideOwn() {
  const own = new Set(queue.filter(({ state }) => state === 'sending').map(({ id }) => id))
  const rows = [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('#unfinished [data-upload]'))]
  for (const row of rows) row.hidden = own.has(row.dataset.upload ?? '')
  const list = byId('unfinished')
  if (list !== null) list.hidden = rows.every(({ hidden }) => hidden)
}
document.addEventListener('refreshed', hideOwn)
