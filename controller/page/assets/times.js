/**
 * Times as the reader's clock shows them: the server writes UTC, which stays for whoever runs no scripts. The exact time
 * is told when the pointer rests on it. No age is worked out from the server's times, so a clock that is wrong makes
 * nothing wrong.
 */
// @ts-check
const short = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const medium = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' })
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' })

export function localize(/** @type {ParentNode} */ place) {
  for (const time of place.querySelectorAll('time[datetime]')) {
    const moment = new Date(time.getAttribute('datetime') ?? '')
    if (Number.isNaN(moment.getTime())) continue
    const text = (time.hasAttribute('data-exact') ? medium : short).format(moment)
    if (time.textContent !== text) time.textContent = text
    const title = `${exact.format(moment)} (${moment.toISOString()})`
    if (time.getAttribute('title') !== title) time.setAttribute('title', title)
  }
}

/** As the pages say it (words.ts). */
export function duration(/** @type {number} */ seconds) {
  if (seconds < 90) return `${Math.ceil(seconds)} s`
  const tens = Math.ceil(seconds / 10)
  if (tens < 60) return joined(Math.floor(tens / 6), 'min', (tens % 6) * 10, 's')
  const minutes = Math.ceil(seconds / 60)
  return minutes < 60 ? `${minutes} min` : joined(Math.floor(minutes / 60), 'h', minutes % 60, 'min')
}

function joined(
  /** @type {number} */ large,
  /** @type {string} */ unit,
  /** @type {number} */ small,
  /** @type {string} */ smallUnit,
) {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`
}

localize(document)
