/**
 * A real Chromium, from Debian. Where it is missing and cannot be installed the test fails and says what to do. Whatever goes wrong on a page is collected for the test to judge.
 */
import { type Browser, chromium, type Page } from 'playwright-core'
import { PATIENCE_MS } from '../../simulator/processes/patience.ts'
import { pathOf, provide } from './machine.ts'

const ARGUMENTS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
]

export async function launchBrowser(): Promise<Browser> {
  await provide('chromium')
  return chromium.launch({
    executablePath: pathOf('chromium') ?? '',
    headless: true,
    args: ARGUMENTS,
    timeout: PATIENCE_MS,
  })
}

export type WatchedPage = {
  page: Page
  /** Errors of scripts, of the console and of the Content-Security-Policy. */
  faults: string[]
  close(): Promise<void>
}

/** A new person's window: nobody is signed in there. */
export async function openWindow(
  browser: Browser,
  options: { width?: number; height?: number; javaScript?: boolean } = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width: options.width ?? 1280, height: options.height ?? 900 },
    javaScriptEnabled: options.javaScript ?? true,
  })
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE_MS)
  const faults: string[] = []
  page.on('pageerror', (error) => faults.push(`script: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console: ${message.text()}`)
  })
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) =>
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
    )
  })
  return { page, faults, close: () => context.close() }
}
