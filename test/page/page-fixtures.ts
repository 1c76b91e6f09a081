/**
 * One browser for the tests of a file, and a fresh fleet with a signed-in window for each test. A test that ends with a
 * fault on its page (a script error, a violation of the Content-Security-Policy) fails.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { launchBrowser, openWindow, type WatchedPage } from '../support/browser.ts'
import { DEADLINE } from '../support/eventually.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'

export type Visit = { page: Page; fleet: Fleet; app: ServedApp; window: WatchedPage; browser: Browser }
type Options = {
  width?: number
  javaScript?: boolean
  /** Console lines that belong to the test: a browser reports each refused request as an error. */
  expected?: RegExp
  fleet?: () => Promise<Fleet>
}

let browser: Browser
before(async () => {
  browser = await launchBrowser()
})
after(() => browser.close())

export function pageTest(title: string, options: Options, act: (visit: Visit) => Promise<void>): void {
  test(title, DEADLINE, async () => {
    const fleet = await (options.fleet ?? standardFleet)()
    const app = await serveApp(fleet)
    const window = await openWindow(browser, options)
    try {
      await window.page.goto(await app.signInLink())
      await window.page.waitForURL('**/appliances/software-updates')
      await act({ page: window.page, fleet, app, window, browser })
      const faults = window.faults.filter((fault) => options.expected?.test(fault) !== true)
      assert.deepEqual(faults, [])
    } finally {
      await window.close()
      await app.close()
      await fleet.close()
    }
  })
}
