/**
 * The whole of the work with the keyboard alone, in the order in which a screen reader meets it, on a page that does not
 * jump under its reader.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { everyoneNeeds } from '../support/fleet-fixtures.ts'
import { pageTest } from './page-fixtures.ts'

/** Steps until the element with this name has the focus; the names that were met on the way. */
async function tabTo(page: Page, name: string, key = 'Tab'): Promise<string[]> {
  const met: string[] = []
  for (let steps = 0; steps < 60; steps++) {
    await page.keyboard.press(key)
    met.push(await page.evaluate(nameOfFocused))
    if (met.at(-1) === name) return met
  }
  throw new Error(`${name} is not reached with ${key}: ${met.join(' | ')}`)
}

function nameOfFocused(): string {
  const one = document.activeElement as HTMLInputElement | null
  const label = one?.labels?.[0] ?? one
  return (one?.getAttribute('aria-label') ?? label?.textContent ?? '').trim()
}

pageTest('P10 a patch is uploaded, found and installed with the keyboard alone', {}, async ({ page, fleet }) => {
  const folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-page-'))
  const file = path.join(folder, 'kernel-6.1.patch')
  await writeExampleBundle({ name: 'kernel', version: '6.1', bytes: 64 * 1024, out: file })
  page.on('filechooser', (chooser) => chooser.setFiles(file))
  await tabTo(page, 'Skip to content')
  await page.evaluate(() => {
    document.body.dataset['sameDocument'] = 'yes'
  })
  await page.keyboard.press('Enter')
  const [first] = await tabTo(page, 'Patch file')
  assert.equal(first, 'Create the Owner account', 'the navigation is skipped')
  assert.equal(await page.evaluate(() => document.body.dataset['sameDocument']), 'yes')
  await page.keyboard.press('Enter')
  await page.locator('#upload-name').getByText('1 file chosen').waitFor()
  await tabTo(page, 'Upload')
  await page.keyboard.press('Enter')
  await page.getByRole('row', { name: /kernel/ }).waitFor()
  await rm(folder, { recursive: true })

  const [patch] = [...fleet.serviceCenter.state.patches.values()]
  assert.ok(patch)
  await everyoneNeeds(fleet, patch.sha256)
  for (const place of ['paris', 'tokyo'])
    for (const role of ['primary', 'secondary']) await fleet.sendReceipt(`${place}/${role}`, patch.sha256)
  await page
    .getByRole('row', { name: /kernel/ })
    .getByText('4/4')
    .waitFor()
  await tabTo(page, 'kernel')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'kernel 6.1' }).waitFor()
  const met = await tabTo(page, 'acme')
  assert.match(met.join('\n'), /Withdraw[\s\S]*Data Center[\s\S]*Choose all/, 'from what it is to what can be done')
  await page.keyboard.press(' ')
  // The button that the choice lights is before it.
  await tabTo(page, 'Install', 'Shift+Tab')
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog')
  await dialog.waitFor()
  await tabTo(page, 'Install')
  await page.keyboard.press('Enter')
  await page.locator('[data-target="acme-paris-secondary"]').waitFor()
  assert.equal(fleet.serviceCenter.state.installs.size, 1)
})

pageTest('Escape closes a dialog, and the focus is where it was', {}, async ({ page, fleet }) => {
  await fleet.publish({ name: 'kernel', version: '6.1' })
  await page.getByRole('link', { name: 'kernel' }).click()
  await page.getByRole('button', { name: 'Withdraw' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  assert.equal(await page.evaluate(nameOfFocused), 'Withdraw')
})

pageTest('nothing jumps while numbers change', {}, async ({ page, fleet }) => {
  const patch = await fleet.publish({ name: 'kernel', version: '6.1' })
  await page.getByRole('link', { name: 'kernel' }).click()
  await page.getByRole('heading', { level: 1, name: 'kernel 6.1' }).waitFor()
  await page.evaluate(() => {
    document.body.dataset['shift'] = '0'
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number })[])
        document.body.dataset['shift'] = String(Number(document.body.dataset['shift']) + entry.value)
    }).observe({ type: 'layout-shift', buffered: true })
  })
  for (const bytes of [1, 50, 150, 299]) {
    await fleet.tellProgress('paris/primary', {
      ...{ patch, state: 'transferring', bytes: bytes * 1024 * 1024, reason: '', bytesPerSecond: 5 * 1024 * 1024 },
      ...{ sources: [fleet.serviceCenter.state.mesh], wanBytes: 0 },
    })
    await page.getByText(`${bytes}.0 MiB of 300.0 MiB`).waitFor()
  }
  const shift = await page.evaluate(() => Number(document.body.dataset['shift']))
  assert.ok(shift < 0.1, `a cumulative layout shift of ${shift}; 0.1 is what web.dev calls good`)
})
