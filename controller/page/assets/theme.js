/**
 * Light or dark, as the person chose here, and whether scripts run at all. It runs before anything is painted, so nothing
 * flashes; who has chosen nothing, or runs no scripts, gets what the system says (see the style sheet).
 */
// @ts-check
{
  const KEY = 'patchmesh-theme'
  const root = document.documentElement
  root.classList.add('pm-scripted')
  const apply = () => {
    const theme = localStorage.getItem(KEY)
    root.classList.toggle('pf-v6-theme-dark', theme === 'dark')
    root.classList.toggle('pm-light', theme === 'light')
    const choice = /** @type {HTMLSelectElement | null} */ (document.getElementById('theme'))
    if (choice !== null) choice.value = theme ?? 'system'
  }
  apply()
  // Another window of the same person follows.
  window.addEventListener('storage', apply)
  document.addEventListener('DOMContentLoaded', () => {
    apply()
    const choice = /** @type {HTMLSelectElement | null} */ (document.getElementById('theme'))
    choice?.closest('[hidden]')?.removeAttribute('hidden')
    choice?.addEventListener('change', () => {
      if (choice.value === 'system') localStorage.removeItem(KEY)
      else localStorage.setItem(KEY, choice.value)
      apply()
    })
  })
}
