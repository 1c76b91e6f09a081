/**
 * `npm run screenshots`: every page in every state, light and dark, narrow and wide, as pictures in screenshots/ for
 * somebody to look at.
 */
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { launchBrowser } from '../support/browser.ts'
import { stateOpener } from './open-states.ts'
import { PAGE_STATES } from './page-states.ts'

const FOLDER = path.join(import.meta.dirname, '../../screenshots')
const WIDTHS = { narrow: 320, wide: 1280 }
const THEMES = ['light', 'dark'] as const

await rm(FOLDER, { recursive: true, force: true })
await mkdir(FOLDER)
const browser = await launchBrowser()
const states = stateOpener(browser)
for (const state of PAGE_STATES) {
  const { page, leave } = await states.open(state)
  for (const theme of THEMES) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' })
    for (const [name, width] of Object.entries(WIDTHS)) {
      await page.setViewportSize({ width, height: 900 })
      await page.setViewportSize({ width, height: await page.evaluate(wholeHeight) })
      await page.screenshot({ path: path.join(FOLDER, `${state.name}-${theme}-${name}.png`) })
    }
  }
  await leave()
}
await states.close()
await browser.close()
console.log(`${PAGE_STATES.length} pages, each light and dark, narrow and wide, are in ${FOLDER}`)

/** How high a window has to be for nothing to scroll: neither the page nor the main region, which does so by itself where there is room. */
function wholeHeight(): number {
  const boxes = [document.documentElement, ...document.querySelectorAll('main')]
  return 900 + boxes.reduce((hidden, box) => hidden + box.scrollHeight - box.clientHeight, 0)
}
