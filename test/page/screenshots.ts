/**
 * `npm run screenshots`: every page in every state, light and dark, narrow and wide, as pictures in screenshots/ for
 * somebody to look at.
 */
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { launchBrowser, openWindow } from '../support/browser.ts'
import { serveApp } from '../support/http-fixtures.ts'
import { PAGE_STATES } from './page-states.ts'

const FOLDER = path.join(import.meta.dirname, '../../screenshots')
const WIDTHS = { narrow: 320, wide: 1280 }
const THEMES = ['light', 'dark'] as const

await rm(FOLDER, { recursive: true, force: true })
await mkdir(FOLDER)
const browser = await launchBrowser()
for (const state of PAGE_STATES) {
  const fleet = await state.fleet()
  const app = await serveApp(fleet)
  const window = await openWindow(browser)
  const { page } = window
  if (state.isSignedOut !== true) await page.goto(await app.signInLink())
  await page.goto(`${app.url}${state.address}`)
  await state.act?.(page)
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    for (const [name, width] of Object.entries(WIDTHS)) {
      await page.setViewportSize({ width, height: 900 })
      await page.screenshot({ path: path.join(FOLDER, `${state.name}-${theme}-${name}.png`), fullPage: true })
    }
  }
  await window.close()
  await app.close()
  await fleet.close()
}
await browser.close()
console.log(`${PAGE_STATES.length} pages, each light and dark, narrow and wide, are in ${FOLDER}`)
