/**
 * Following a link or sending a form that only shows the same page otherwise (`data-here`): the address changes and the
 * live parts are fetched anew, so that nothing jumps. A filter takes effect as soon as it is chosen, and what a person
 * opens is fetched then.
 */
// @ts-check
const TYPING_PAUSE_MS = 300

/** @type {ReturnType<typeof setTimeout> | undefined} */
let typing
let shown = location.pathname + location.search

/** What the page shows is part of its address, so that a link to it can be sent to somebody. */
export function keepAddress(/** @type {string} */ address, /** @type {boolean} */ replace) {
  history[replace ? 'replaceState' : 'pushState'](null, '', address)
  shown = location.pathname + location.search
}

function go(/** @type {string} */ address, /** @type {boolean} */ replace) {
  keepAddress(address, replace)
  document.dispatchEvent(new Event('refresh'))
}

document.addEventListener('click', (event) => {
  const link = event.target instanceof Element ? event.target.closest('a[data-here]') : null
  if (!(link instanceof HTMLAnchorElement) || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return
  event.preventDefault()
  go(link.href, link.dataset.here === 'replace')
})

/** What is called a button is pressed like one. */
document.addEventListener('keydown', (event) => {
  if (event.key !== ' ' || !(event.target instanceof HTMLAnchorElement) || event.target.role !== 'button') return
  event.preventDefault()
  event.target.click()
})

document.addEventListener('submit', (event) => {
  const form = event.target
  if (!(form instanceof HTMLFormElement) || form.dataset.here === undefined) return
  event.preventDefault()
  clearTimeout(typing)
  const field = (/** @type {string} */ name) => /** @type {any} */ (form.elements.namedItem(name))
  const isShown = (/** @type {string} */ name) => (field(name)?.type ?? 'hidden') !== 'hidden'
  const shownFields = [...new FormData(form)].filter(([name, value]) => isShown(name) && value !== (field(name).dataset?.usual ?? ''))
  // What the form does not show is as the address says, since the part of the page that holds it may be older; it begins at its first page.
  const kept = [...new URLSearchParams(location.search)].filter(([name]) => !isShown(name) && name !== 'page')
  const fields = [...shownFields.map(([name, value]) => [name, String(value)]), ...kept]
  go(`${form.action}?${new URLSearchParams(fields)}`, true)
})

/** What a person opens is part of the address; its content comes with the next refresh. */
document.addEventListener('click', (event) => {
  const details = event.target instanceof Element ? event.target.closest('summary')?.parentElement : null
  if (!(details instanceof HTMLDetailsElement) || details.dataset.opens === undefined) return
  const { opens, name = '' } = details.dataset
  const query = new URLSearchParams(location.search)
  query.delete(opens, name)
  // The browser opens or closes it after this.
  if (!details.open) query.append(opens, name)
  go(query.size === 0 ? location.pathname : `?${query}`, true)
})

const formOf = (/** @type {Event} */ event) => {
  const form = event.target instanceof Element ? event.target.closest('form') : null
  return form?.dataset.here === undefined ? null : form
}
document.addEventListener('change', (event) => formOf(event)?.requestSubmit())
document.addEventListener('input', (event) => {
  const form = formOf(event)
  if (form === null || !(event.target instanceof HTMLInputElement) || event.target.type !== 'search') return
  clearTimeout(typing)
  typing = setTimeout(() => form.requestSubmit(), TYPING_PAUSE_MS)
})
/** Back to another view; a step to another place of the same page, as the skip link takes, changes nothing. */
addEventListener('popstate', () => {
  if (location.pathname + location.search !== shown) location.reload()
})
