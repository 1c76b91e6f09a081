/**
 * Sends one file over the tus protocol: finds out whether part of it has arrived before, goes on there, and goes on by
 * itself whenever the connection comes back. It shows nothing; whoever calls it hears how far it is.
 */
// @ts-check
import { ask, forWhom, read } from './answers.js'

const UPLOADS = '/api/v1/uploads'
const MAX_DELAY_MS = 30_000
/** Refusals that say only where to go on. */
const PASSING = new Set(['upload_stopped', 'wrong_offset'])

/**
 * @typedef {{ id: string, filename: string, bytes: number, lastModified: number | null, offset: number, sending: boolean,
 *   tail: { bytes: number, sha256: string } | null, patch: string | null, created: boolean }} Standing
 * @typedef {{ signal: AbortSignal, began: (id: string) => void, sent: (bytes: number) => void, whole: () => void,
 *   waits: (ms: number) => void }} Hooks
 */

/** @returns {Promise<Standing>} with `patch` set; rejects with what a person can read */
export async function sendFile(/** @type {File} */ file, /** @type {Hooks} */ hooks) {
  /** @type {Standing | undefined} */
  let standing
  for (let failures = 0; ; ) {
    try {
      standing = standing === undefined ? ((await earlier(file)) ?? (await begin(file))) : await whereIs(standing, file)
      hooks.began(standing.id)
      if (standing.patch !== null) return standing
      hooks.sent(standing.offset)
      await send(file, standing, hooks)
      return await ask('GET', `${UPLOADS}/${standing.id}`)
    } catch (error) {
      if (hooks.signal.aborted) {
        if (standing !== undefined) await giveUp(standing.id)
        throw stopped()
      }
      if (!(await mayPass(file, error))) throw error
      const now = standing === undefined ? undefined : await whereIsNow(standing, file)
      failures = now !== undefined && now.offset > (standing?.offset ?? 0) ? 1 : failures + 1
      if (now !== undefined) standing = now
      const delay = now !== undefined && failures === 1 ? 0 : Math.min(MAX_DELAY_MS, 1000 * 2 ** (failures - 1))
      hooks.waits(delay)
      await pause(delay, hooks.signal)
    }
  }
}

const giveUp = (/** @type {string} */ id) => fetch(`${UPLOADS}/${id}`, { method: 'DELETE' })

const stopped = () => Object.assign(new Error('the upload was cancelled'), { hint: 'Nothing was kept.' })

/** An upload of this file that was interrupted, if what arrived of it is what the file has there. */
async function earlier(/** @type {File} */ file) {
  /** @type {Standing[]} */
  const unfinished = await ask('GET', UPLOADS)
  for (const { id, filename, bytes, lastModified } of unfinished) {
    if (filename !== file.name || bytes !== file.size || lastModified !== file.lastModified) continue
    /** @type {Standing} */
    const standing = await ask('GET', `${UPLOADS}/${id}`)
    if (await hasSameTail(file, standing)) return standing
  }
}

async function hasSameTail(/** @type {File} */ file, /** @type {Standing} */ { offset, tail }) {
  // Without TLS a browser computes no digest; the whole is checked at the end all the same.
  if (tail === null || crypto.subtle === undefined) return true
  const digest = await crypto.subtle.digest('SHA-256', await file.slice(offset - tail.bytes, offset).arrayBuffer())
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('') === tail.sha256
}

/** @returns {Promise<Standing>} */
async function begin(/** @type {File} */ file) {
  const encoded = (/** @type {string} */ text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)))
  const answer = await fetch(UPLOADS, {
    method: 'POST',
    headers: {
      ...forWhom(),
      'Tus-Resumable': '1.0.0',
      'Upload-Length': String(file.size),
      'Upload-Metadata': `filename ${encoded(file.name)},lastModified ${encoded(String(file.lastModified))}`,
    },
  })
  return read(answer.ok, await answer.text())
}

/** Where it stands now; begun anew where the Service Center has lost it. @returns {Promise<Standing>} */
async function whereIs(/** @type {Standing} */ { id }, /** @type {File} */ file) {
  try {
    return await ask('GET', `${UPLOADS}/${id}`)
  } catch (error) {
    if (/** @type {any} */ (error).code === 'not_found') return begin(file)
    throw error
  }
}

/** The same, or undefined while nobody answers: it is tried again after a while. @returns {Promise<Standing | undefined>} */
async function whereIsNow(/** @type {Standing} */ standing, /** @type {File} */ file) {
  try {
    return await whereIs(standing, file)
  } catch (error) {
    console.info('where the upload stands is not known yet:', error)
  }
}

/** XMLHttpRequest, because fetch does not tell how much of a body has been sent. @returns {Promise<void>} */
function send(/** @type {File} */ file, /** @type {Standing} */ { id, offset }, /** @type {Hooks} */ hooks) {
  const request = new XMLHttpRequest()
  const abort = () => request.abort()
  hooks.signal.addEventListener('abort', abort)
  return new Promise((resolve, reject) => {
    request.upload.onprogress = ({ loaded }) => hooks.sent(offset + loaded)
    request.upload.onload = hooks.whole
    request.onload = () => {
      try {
        if (request.status !== 204) read(false, request.responseText)
        resolve(undefined)
      } catch (error) {
        reject(error)
      }
    }
    request.onerror = () => reject(new Error('the connection was lost'))
    request.onabort = () => reject(stopped())
    request.open('PATCH', `${UPLOADS}/${id}`)
    const headers = { ...forWhom(), 'Tus-Resumable': '1.0.0', 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' }
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.send(file.slice(offset))
  }).finally(() => hooks.signal.removeEventListener('abort', abort))
}

/** Whether trying again may help: not when the Service Center said no, nor when the file itself cannot be read any more. */
async function mayPass(/** @type {File} */ file, /** @type {any} */ error) {
  if (error.code !== undefined) return PASSING.has(error.code)
  try {
    await file.slice(0, 1).arrayBuffer()
    return true
  } catch (cause) {
    throw Object.assign(new Error('the file changed or was removed while it was sent', { cause }), { hint: 'Choose it again.' })
  }
}

/** Ends early when the browser is online again, or the person cancels. @returns {Promise<void>} */
function pause(/** @type {number} */ ms, /** @type {AbortSignal} */ signal) {
  return new Promise((resolve) => {
    const timeout = setTimeout(end, ms)
    function end() {
      clearTimeout(timeout)
      removeEventListener('online', end)
      signal.removeEventListener('abort', end)
      resolve()
    }
    addEventListener('online', end)
    signal.addEventListener('abort', end)
  })
}
