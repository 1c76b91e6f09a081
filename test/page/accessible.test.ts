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
import { type StateOpener, stateOpener } from './open-states.ts'
import { PAGE_STATES, type PageState } from './page-states.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const WIDTHS = [320, 768, 1280]
/** Themes differ in colours alone, so of what is wrong in the light only these rules can find more in the dark. */
const RULES_ON_COLOURS = ['color-contrast', 'link-in-text-block']
const THEMES = [
  { theme: 'light', rules: null },
  { theme: 'dark', rules: RULES_ON_COLOURS },
]
/** What a browser says of a refusal, and of an answer that does not come. */
const REFUSED = /Failed to load resource.* (4\d\d|net::ERR)/

let browser: Browser
let states: StateOpener
before(async () => {
  browser = await launchBrowser()
  states = stateOpener(browser)
})
after(async () => {
  await states.close()
  await browser.close()
})

for (const state of PAGE_STATES) {
  test(`axe finds nothing on ${state.name}, light and dark, at ${WIDTHS.join(', ')} pixels`, DEADLINE, () =>
    visit(state, async (page) => {
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 })
        assert.deepEqual(await page.evaluate(hiddenParts), [], `lies beyond the edge at ${width} pixels`)
        for (const { theme, rules } of THEMES) {
          await page.evaluate(putOn, theme)
          assert.deepEqual(await page.evaluate(findings, rules), [], `${theme}, ${width} pixels`)
          assert.ok(await page.evaluate(canBeSeen, 'nav'), `the navigation cannot be seen at ${width} pixels`)
        }
      }
    }),
  )
}

async function visit(state: PageState, look: (page: Page) => Promise<void>): Promise<void> {
  const { page, faults, leave } = await states.open(state)
  try {
    await page.evaluate(AXE)
    await look(page)
    assert.deepEqual(
      faults.filter((fault) => !REFUSED.test(fault)),
      [],
    )
  } finally {
    await leave()
  }
}

type Found = { violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] }
type Axe = { run(options: Record<string, unknown>): Promise<Found> }

/** What is right is not described: that takes most of the time of looking. */
async function findings(rules: string[] | null): Promise<string[]> {
  const { axe } = window as unknown as { axe: Axe }
  const { violations } = await axe.run({ resultTypes: ['violations'], ...(rules === null ? {} : { runOnly: rules }) })
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)}: ${failureSummary}`),
  )
}

function putOn(theme: string): void {
  document.documentElement.classList.toggle('pf-v6-theme-dark', theme === 'dark')
}

/** What goes on to the right: of the window, or of a part of it that scrolls and that no keyboard reaches. */
function hiddenParts(): string[] {
  const parts = [...document.body.querySelectorAll('*:not([tabindex="0"])')]
  return [document.documentElement, ...parts.filter((part) => /auto|scroll/.test(getComputedStyle(part).overflowX))]
    .filter((part) => part.checkVisibility() && part.scrollWidth > part.clientWidth)
    .map((part) => `${part.outerHTML.slice(0, 100)}: ${part.scrollWidth} of ${part.clientWidth}`)
}

function canBeSeen(selector: string): boolean {
  const found = [...document.querySelectorAll(selector)]
  return found.every((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
}
