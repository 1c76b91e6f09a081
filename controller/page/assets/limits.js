/**
 * Changing what patches may take of a link: one dialog, filled with the limits of the row whose Change was pressed. The
 * Service Center only sends, so its dialog has fewer fields.
 */
// @ts-check
import { ask, byId, once } from './answers.js'

const MEGA = 1e6

/** @type {{ address: string, limits: any, tag: string } | undefined} */
let open

const inMbit = (/** @type {number | null | undefined} */ bits) => (bits == null ? '' : String(bits / MEGA))
/** However people space them: `08:00 - 12:00 22:00–06:00`. */
const inRanges = (/** @type {string} */ text) => {
  const joined = text.split(/[-–]/).map((part) => part.trim()).join('-')
  return joined.split(/[,;\s]+/).filter((range) => range !== '')
}
const inBits = (/** @type {string} */ mbit) => (mbit === '' ? null : Math.round(Number(mbit) * MEGA))

document.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('button') : null
  if (button?.dataset.limits === undefined) return
  const { place, address, limits, tag } = JSON.parse(button.dataset.limits)
  open = { address, limits, tag }
  const receives = 'downBitsPerSecond' in limits
  byId('limits-title').textContent = `Limits of ${place}`
  byId('limits-down-field').hidden = !receives
  byId('limits-trades-field').hidden = !receives
  byId('limits-down').value = inMbit(limits.downBitsPerSecond)
  byId('limits-up').value = inMbit(limits.upBitsPerSecond)
  byId('limits-quiet').value = limits.quietHours.join(', ')
  byId('limits-trades').checked = limits.trades ?? true
  byId('limits-outcome').replaceChildren()
  byId('limits-dialog').showModal()
})

byId('limits-form')?.addEventListener('submit', (/** @type {SubmitEvent} */ event) => {
  event.preventDefault()
  const form = byId('limits-form')
  once(form.querySelector('[type=submit]'), byId('limits-outcome'), async () => {
    if (open === undefined) return
    const uplink = {
      upBitsPerSecond: inBits(byId('limits-up').value),
      quietHours: inRanges(byId('limits-quiet').value),
    }
    const link = { downBitsPerSecond: inBits(byId('limits-down').value), trades: byId('limits-trades').checked }
    const limits = 'downBitsPerSecond' in open.limits ? { ...uplink, ...link } : uplink
    await ask('PUT', open.address, limits, { 'If-Match': open.tag })
    byId('limits-dialog').close()
    document.dispatchEvent(new Event('refresh'))
  })
})
