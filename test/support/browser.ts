/**
 * A real Chromium, from Debian. Where it is missing and this process may install packages on Debian it is installed;
 * elsewhere the test fails and says what to install. Whatever goes wrong on a page is collected for the test to judge.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import { type Browser, chromium, type Page } from 'playwright-core'

const run = promisify(execFile)
const EXECUTABLE = '/usr/bin/chromium'
const INSTALLING_MS = 10 * 60_000
const ARGUMENTS = [
  ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
]

export async function launchBrowser(): Promise<Browser> {
  if (!existsSync(EXECUTABLE)) await installChromium()
  return chromium.launch({ executablePath: EXECUTABLE, headless: true, args: ARGUMENTS })
}

async function installChromium(): Promise<void> {
  const missing = `the browser tests need ${EXECUTABLE}: install it with "apt-get install chromium"`
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) throw new Error(missing)
  try {
    const options = { timeout: INSTALLING_MS, env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } }
    await run('apt-get', ['update'], options)
    await run('apt-get', ['install', '--yes', '--no-install-recommends', 'chromium'], options)
  } catch (cause) {
    throw new Error(missing, { cause })
  }
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
  page.setDefaultTimeout(20_000)
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
