/**
 * What an administrator does, in a real Chromium, at the Service Center of a fleet of real processes. One fleet and one
 * browser for a file; a new window, signed in by a link, for each test, so that a test needs nothing of the one before.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Browser, Locator, Page } from 'playwright-core'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { demoTopology } from '../../simulator/topology.ts'
import { launchBrowser, openWindow } from '../support/browser.ts'
import { writeControlledBundle } from '../support/controlled-bundle.ts'
import { DEADLINE } from '../support/eventually.ts'

const SYSTEM_PATCHES = '/appliances/software-updates'
/** A browser reports each request that was refused as an error. */
const REFUSED = /Failed to load resource.* 4\d\d/

export type Visit = { page: Page; fleet: Fleet }

/** Gives the function that declares the tests of the file; the fleet begins with so many Data Centers. */
export function guideVisits(dataCenters: number) {
  let fleet: Fleet
  let browser: Browser
  before(async () => {
    browser = await launchBrowser()
    fleet = await Fleet.start()
    await fleet.addAll(demoTopology(dataCenters).appliances)
  })
  after(async () => {
    await browser?.close()
    await fleet?.stop()
  })
  return (clause: string, act: (visit: Visit) => Promise<void>, { refusals = false } = {}): void => {
    test(clause, DEADLINE, async () => {
      const { page, faults, close } = await openWindow(browser)
      try {
        await page.goto(await fleet.signInLink())
        await page.waitForURL(`**${SYSTEM_PATCHES}`)
        await act({ page, fleet })
        assert.deepEqual(
          faults.filter((fault) => !(refusals && REFUSED.test(fault))),
          [],
        )
      } finally {
        await close()
      }
    })
  }
}

export type ChosenFile = string | { name: string; mimeType: string; buffer: Buffer }

/** On System Patches: Browse, choose, Upload. */
export async function upload(page: Page, file: ChosenFile): Promise<void> {
  const opened = page.waitForEvent('filechooser')
  await page.getByText('Browse', { exact: true }).click()
  await (await opened).setFiles(file)
  await page.getByRole('button', { name: 'Upload' }).click()
}

/** The line of a patch in the list. */
export function line(page: Page, name: string): Locator {
  return page
    .getByRole('table', { name: 'Patches' })
    .getByRole('row')
    .filter({ has: page.getByRole('link', { name }) })
}

/** Waits until the Replications column shows `count`, such as 4/4. */
export async function replications(page: Page, name: string, count: string): Promise<void> {
  const column = line(page, name).getByRole('cell').last()
  await column.getByText(count, { exact: true }).waitFor()
}

/** Uploads a small patch through the page, and opens its page when the Replications column shows `count`. */
export async function openPatch({ page, fleet }: Visit, name: string, count = '4/4'): Promise<void> {
  const out = join(fleet.folder, `${name}-1.0.0.patch`)
  await writeControlledBundle({ out, name })
  await upload(page, out)
  await replications(page, name, count)
  await line(page, name).getByRole('link').click()
  await page.getByRole('heading', { level: 1, name: `${name} 1.0.0` }).waitFor()
}

/** The line of an organization with appliances that are not patched. */
export function organization(page: Page, name: string): Locator {
  return page
    .locator('#organizations')
    .getByRole('listitem')
    .filter({ has: page.getByRole('checkbox', { name, exact: true }) })
}

/** The names in the list, in its order. */
export function listedOrganizations(page: Page): Promise<string[]> {
  return page
    .locator('#organizations')
    .getByRole('checkbox')
    .evaluateAll((boxes) => boxes.map((box) => (box as HTMLInputElement).value))
}

/** Marks the document, so that `sameDocument` can tell whether it was ever loaded anew. */
export async function markDocument(page: Page): Promise<void> {
  await page.evaluate(() => document.documentElement.setAttribute('data-marked', 'yes'))
}
export async function sameDocument(page: Page): Promise<boolean> {
  return page.evaluate(() => document.documentElement.getAttribute('data-marked') === 'yes')
}

export async function screenshot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `/tmp/patchmesh-guide-${name}.png`, fullPage: true })
}
