/**
 * Every page, in every state, light and dark, narrow and wide: axe finds nothing, and nothing lies beyond the edge.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser, openWindow } from '../support/browser.ts'
import { serveApp } from '../support/http-fixtures.ts'
import { PAGE_STATES, type PageState } from './page-states.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const WIDTHS = [320, 768, 1280]
const THEMES = ['light', 'dark']
/** What a browser says of an answer that is a refusal. */
const REFUSED = /Failed to load resource.* 4\d\d/

let browser: Browser
before(async () => {
  browser = await launchBrowser()
})
after(() => browser.close())

for (const state of PAGE_STATES) {
  test(`axe finds nothing on ${state.name}, light and dark, at ${WIDTHS.join(', ')} pixels`, { timeout: 120_000 }, () =>
    visit(state, async (page) => {
      for (const theme of THEMES) {
        await page.evaluate(
          (name) => document.documentElement.classList.toggle('pf-v6-theme-dark', name === 'dark'),
          theme,
        )
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 900 })
          assert.deepEqual(await findings(page), [], `${theme}, ${width} pixels`)
          const [wanted, shown] = await page.evaluate(() => [
            document.documentElement.scrollWidth,
            document.documentElement.clientWidth,
          ])
          assert.equal(wanted, shown, `something lies beyond the edge at ${width} pixels`)
        }
      }
    }),
  )
}

async function visit(state: PageState, look: (page: Page) => Promise<void>): Promise<void> {
  const fleet = await state.fleet()
  const app = await serveApp(fleet)
  const window = await openWindow(browser)
  const { page } = window
  try {
    if (state.isSignedOut !== true) await page.goto(await app.signInLink())
    await page.goto(`${app.url}${state.address}`)
    await state.act?.(page)
    // A colour that is on its way from light to dark is neither.
    await page.emulateMedia({ reducedMotion: 'reduce' })
    await page.evaluate(AXE)
    await look(page)
    assert.deepEqual(
      window.faults.filter((fault) => !REFUSED.test(fault)),
      [],
    )
  } finally {
    await window.close()
    await app.close()
    await fleet.close()
  }
}

type Found = { violations: { id: string; help: string; nodes: { html: string; failureSummary: string }[] }[] }
async function findings(page: Page): Promise<string[]> {
  const { violations } = await page.evaluate(
    () => (window as unknown as { axe: { run(): Promise<unknown> } }).axe.run() as Promise<Found>,
  )
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)}: ${failureSummary}`),
  )
}
