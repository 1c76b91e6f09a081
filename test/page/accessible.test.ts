/**
 * Every page, in every state, light and dark, narrow and wide: axe finds nothing, and nothing lies beyond the edge.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser } from '../support/browser.ts'
import { DEADLINE } from '../support/eventually.ts'
import { openState, PAGE_STATES, type PageState } from './page-states.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const WIDTHS = [320, 768, 1280]
const THEMES = ['light', 'dark']
/** What a browser says of a refusal, and of an answer that does not come. */
const REFUSED = /Failed to load resource.* (4\d\d|net::ERR)/

let browser: Browser
before(async () => {
  browser = await launchBrowser()
})
after(() => browser.close())

for (const state of PAGE_STATES) {
  test(`axe finds nothing on ${state.name}, light and dark, at ${WIDTHS.join(', ')} pixels`, DEADLINE, () =>
    visit(state, async (page) => {
      for (const theme of THEMES) {
        await page.evaluate(
          (name) => document.documentElement.classList.toggle('pf-v6-theme-dark', name === 'dark'),
          theme,
        )
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 900 })
          assert.deepEqual(await findings(page), [], `${theme}, ${width} pixels`)
          assert.ok(await page.evaluate(canBeSeen, 'nav'), `the navigation cannot be seen at ${width} pixels`)
          assert.equal(await page.evaluate(hiddenWidth), 0, `something lies beyond the edge at ${width} pixels`)
        }
      }
    }),
  )
}

async function visit(state: PageState, look: (page: Page) => Promise<void>): Promise<void> {
  const { page, faults, close } = await openState(browser, state)
  try {
    // A colour that is on its way from light to dark is neither.
    await page.emulateMedia({ reducedMotion: 'reduce' })
    await page.evaluate(AXE)
    await look(page)
    assert.deepEqual(
      faults.filter((fault) => !REFUSED.test(fault)),
      [],
    )
  } finally {
    await close()
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

/** How far the window, or the part of it that scrolls, goes on to the right. */
function hiddenWidth(): number {
  const boxes = [document.documentElement, document.querySelector('main')]
  return Math.max(...boxes.map((box) => (box === null ? 0 : box.scrollWidth - box.clientWidth)))
}

function canBeSeen(selector: string): boolean {
  const found = [...document.querySelectorAll(selector)]
  return found.every((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
}
