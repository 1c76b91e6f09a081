/**
 * Upload: sends the chosen file as it is and tells how far it is, then that it is being checked, then the outcome.
 */
// @ts-check
import { byId, once, read, show } from './answers.js'

const inMiB = (/** @type {number} */ bytes) => `${(bytes / 1048576).toFixed(1)} MiB`

/** XMLHttpRequest, because fetch does not tell how much of a body has been sent. */
function upload(/** @type {File} */ file) {
  const request = new XMLHttpRequest()
  const began = performance.now()
  byId('upload-stop').onclick = () => request.abort()
  request.upload.onprogress = ({ loaded, total }) => {
    const rate = loaded / Math.max(1, performance.now() - began)
    const left = Math.ceil((total - loaded) / rate / 1000)
    const percent = Math.floor((100 * loaded) / total)
    byId('upload-bar').value = percent
    byId('upload-status').textContent = `${percent} %, ${inMiB(loaded)} of ${inMiB(total)}, ${inMiB(rate * 1000)}/s, ${left} s left`
  }
  request.upload.onload = () => {
    byId('upload-bar').removeAttribute('value')
    byId('upload-status').textContent = 'Checking…'
  }
  return new Promise((resolve, reject) => {
    request.onload = () => {
      try {
        resolve({ ...read(request.status < 300, request.responseText), isNew: request.status === 201 })
      } catch (error) {
        reject(error)
      }
    }
    request.onerror = () => reject(new Error('the connection was lost before the upload was complete'))
    request.onabort = () => reject(Object.assign(new Error('the upload was stopped'), { hint: 'Nothing was kept.' }))
    request.open('POST', `/api/v1/patches?filename=${encodeURIComponent(file.name)}`)
    request.send(file)
  })
}

function showName() {
  byId('upload-name').textContent = byId('upload-file').files[0]?.name ?? 'No file chosen'
}
byId('upload-file')?.addEventListener('change', showName)

byId('upload-form')?.addEventListener('submit', (/** @type {SubmitEvent} */ event) => {
  event.preventDefault()
  const [file] = byId('upload-file').files
  if (file === undefined) return show(byId('upload-outcome'), 'danger', 'No file is chosen.', 'Choose one with Browse first.')
  const working = (/** @type {boolean} */ on) => {
    byId('upload-progress').hidden = !on
    byId('upload-stop').hidden = !on
  }
  once(byId('upload-button'), byId('upload-outcome'), async () => {
    byId('upload-bar').value = 0
    byId('upload-status').textContent = 'Starting…'
    working(true)
    try {
      const { name, version, isNew } = await upload(file)
      const next = isNew ? 'Its replication has started.' : 'The same file was there already; nothing changed.'
      show(byId('upload-outcome'), 'success', `The patch ${name} ${version} is in the Service Center.`, next)
      byId('upload-form').reset()
      showName()
      document.dispatchEvent(new Event('refresh'))
    } finally {
      working(false)
    }
  })
})
