/**
 * The picture of the mesh in a real browser: with two Data Centers and with two hundred, live, for one patch or all, and
 * the same as a table.
 */
import assert from 'node:assert/strict'
import { emptyFleet, type Fleet, peerOf } from '../support/fleet-fixtures.ts'
import { pageTest, type Visit } from './page-fixtures.ts'

const MiB = 1024 * 1024

async function openDataCenters({ page }: Visit): Promise<void> {
  await page.getByRole('link', { name: 'Data Centers' }).click()
  await page.getByRole('img', { name: 'The mesh' }).waitFor()
}

function sending(fleet: Fleet, patch: Parameters<Fleet['sendReceipt']>[1], to: string, from: string[], rate = 5 * MiB) {
  const { mesh } = fleet.serviceCenter.state
  const sources = from.map((name) => (name === '' ? mesh : peerOf(fleet, name)))
  const told = { patch, state: 'transferring', bytes: MiB, reason: '', wanBytes: MiB } as const
  return fleet.tellProgress(to, { ...told, bytesPerSecond: rate, sources })
}

async function manyDataCenters(): Promise<Fleet> {
  const fleet = await emptyFleet()
  const place = { organization: 'Org 1000', kind: 'service-provider' }
  for (let number = 1; number <= 200; number++) {
    for (const role of ['primary', 'secondary'] as const)
      await fleet.enroll({ ...place, name: `site-${number}/${role}`, dataCenter: `site-${number}`, role })
  }
  return fleet
}

pageTest('shows who sends pieces to whom, how fast, live, and the same as a table', {}, async (visit) => {
  const { page, fleet } = visit
  await openDataCenters(visit)
  await page.locator('#mesh-words').getByText('No pieces are moving.').waitFor()
  const patch = await fleet.publish({ name: 'kernel', version: '1', bytes: 10 * MiB })
  const other = await fleet.publish({ name: 'other', version: '1', bytes: 10 * MiB })
  await sending(fleet, patch, 'paris/primary', [''])
  await sending(fleet, patch, 'paris/secondary', ['paris/primary'])
  await sending(fleet, patch, 'tokyo/primary', ['', 'paris/primary'], 8 * MiB)
  await fleet.sendReceipt('tokyo/secondary', patch)
  await page.locator('#mesh-words').getByText('Pieces move in 4 flows').waitFor()
  assert.equal(await page.locator('.pm-mesh-flow').count(), 4)
  assert.equal(await page.locator('[data-place]').count(), 2)
  await page.getByText('As a table').click()
  const table = page.getByRole('table', { name: 'Pieces that are moving' })
  assert.equal(await table.locator('tbody tr').count(), 4)
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.getByLabel('Pieces of').selectOption(other)
  await page.getByRole('button', { name: 'Show' }).click()
  await page.waitForURL(/patch=/)
  await page.locator('#mesh-words').getByText('No pieces are moving.').waitFor()
})

pageTest('stands still for who wants no motion', {}, async (visit) => {
  const { page, fleet } = visit
  await openDataCenters(visit)
  const patch = await fleet.publish({ name: 'kernel', version: '1', bytes: 10 * MiB })
  await sending(fleet, patch, 'paris/primary', [''])
  const flow = page.locator('.pm-mesh-flow').first()
  await flow.waitFor({ state: 'attached' })
  const animation = () => flow.evaluate((path) => getComputedStyle(path).animationName)
  assert.equal(await animation(), 'pm-mesh-moves')
  await page.emulateMedia({ reducedMotion: 'reduce' })
  assert.equal(await animation(), 'none')
})

pageTest(
  'is readable at 200 Data Centers: a small box for each, and only the lines on which something moves',
  { fleet: manyDataCenters },
  async (visit) => {
    const { page, fleet } = visit
    const patch = await fleet.publish({ name: 'kernel', version: '1', bytes: 10 * MiB })
    for (let number = 1; number <= 40; number++) {
      await sending(fleet, patch, `site-${number}/primary`, ['', `site-${number + 40}/primary`])
      await sending(fleet, patch, `site-${number}/secondary`, [`site-${number}/primary`])
    }
    await fleet.sendReceipt('site-200/primary', patch)
    await fleet.sendReceipt('site-200/secondary', patch)
    await openDataCenters(visit)
    assert.equal(await page.locator('[data-place]').count(), 200)
    assert.equal(await page.locator('.pm-mesh-flow').count(), 80)
    assert.equal(await page.locator('.pm-mesh-rate').count(), 0)
    await page
      .locator('#mesh-words')
      .getByText('200 Data Centers with 400 Service Provider appliances, 2 complete.')
      .waitFor()
    assert.equal(await page.locator('#data-center-table tbody tr').count(), 25)
    const pages = page.getByRole('navigation', { name: 'Pages of Data Centers' })
    await pages.getByRole('link', { name: 'Next' }).click()
    await pages.getByText('2 of 8').waitFor()
    await page.locator('[data-data-center="site-200"]').waitFor({ state: 'detached' })
    assert.equal(await page.locator('[data-place]').count(), 200)
  },
)

pageTest('scrolls inside of its card at 320 pixels', { width: 320 }, async (visit) => {
  const { page } = visit
  await page.goto(`${visit.app.url}/data-centers`)
  await page.getByRole('img', { name: 'The mesh' }).waitFor()
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  )
  assert.equal(overflow, 0)
})
