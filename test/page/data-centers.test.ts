/**
 * Data Centers in a real browser: the limits of each link and of the Service Center's, and changing them.
 */
import assert from 'node:assert/strict'
import { emptyFleet, peerOf } from '../support/fleet-fixtures.ts'
import { pageTest, type Visit } from './page-fixtures.ts'

const REFUSED = /Failed to load resource.* 4\d\d/

async function openDataCenters({ page }: Visit): Promise<void> {
  await page.getByRole('link', { name: 'Data Centers' }).click()
  await page.getByRole('heading', { level: 1, name: 'Data Centers' }).waitFor()
}

function limitsOf({ fleet }: Visit, place: string) {
  return fleet.serviceCenter.state.limits.get(place as '')
}

pageTest(
  'is in the navigation, and says what there is when nothing is enrolled',
  { fleet: emptyFleet },
  async (visit) => {
    const { page } = visit
    await openDataCenters(visit)
    assert.equal(await page.title(), 'Data Centers')
    const current = page.getByRole('navigation', { name: 'Global' }).locator('[aria-current=page]')
    assert.deepEqual(await current.allTextContents(), ['Data Centers'])
    await page.getByText('No appliance is enrolled yet.').waitFor()
    await page.getByText('Sends: no limit').waitFor()
  },
)

pageTest('shows and changes the limits of a Data Center', {}, async (visit) => {
  const { page, fleet } = visit
  await openDataCenters(visit)
  const patch = await fleet.publish({ name: 'kernel', version: '1', bytes: 10 * 1024 * 1024 })
  await fleet.tellProgress('tokyo/primary', {
    ...{ patch, state: 'transferring', bytes: 0, reason: '', bytesPerSecond: 1_000_000, wanBytes: 3 * 1024 * 1024 },
    sources: [peerOf(fleet, 'paris/primary')],
  })
  const row = page.locator('[data-data-center="tokyo"]')
  await row.getByText('8 Mbit/s arrive').waitFor()
  await row.getByText('20.0 MiB left').waitFor()
  await row.getByText('3.0 MiB came over the WAN').waitFor()
  assert.equal(await row.getByText('no limit').count(), 2)
  const change = page.getByRole('link', { name: 'Change the limits of Data Center tokyo' })
  await change.click()
  await page.getByRole('heading', { name: 'Limits of Data Center tokyo' }).waitFor()
  await page.getByLabel('Down, in Mbit/s').fill('20')
  await page.getByLabel('Up, in Mbit/s').fill('2.5')
  await page.getByLabel('Quiet hours, in UTC').fill('08:00 - 18:00, 22:00–23:00')
  await page.getByRole('checkbox').uncheck()
  await page.getByRole('button', { name: 'Save' }).click()
  await row.getByText('20 Mbit/s', { exact: true }).waitFor()
  await row.getByText('2.5 Mbit/s', { exact: true }).waitFor()
  await row.getByText('08:00-18:00 and 22:00-23:00 UTC').waitFor()
  await row.getByText('no', { exact: true }).waitFor()
  assert.deepEqual(limitsOf(visit, 'tokyo'), {
    ...{ place: 'tokyo', downBitsPerSecond: 20_000_000, upBitsPerSecond: 2_500_000, trades: false },
    quietHours: [
      { from: 480, to: 1080 },
      { from: 1320, to: 1380 },
    ],
  })
  assert.equal(limitsOf(visit, 'paris'), undefined)
  await change.click()
  assert.equal(await page.getByLabel('Down, in Mbit/s').inputValue(), '20')
  await page.getByLabel('Down, in Mbit/s').fill('')
  await page.getByRole('button', { name: 'Save' }).click()
  await row.getByText('no limit').waitFor()
  assert.equal(limitsOf(visit, 'tokyo')?.downBitsPerSecond, null)
})

pageTest("changes the Service Center's uplink with the keyboard alone", {}, async (visit) => {
  const { page } = visit
  await openDataCenters(visit)
  await page.getByRole('link', { name: 'Change the limits of the Service Center' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Limits of the Service Center' }).waitFor()
  assert.equal(await page.getByLabel('Down, in Mbit/s').count(), 0)
  assert.equal(await page.getByRole('checkbox').count(), 0)
  await page.getByLabel('Up, in Mbit/s').focus()
  await page.keyboard.type('100')
  await page.keyboard.press('Enter')
  await page.getByText('Sends: at most 100 Mbit/s').waitFor()
  assert.equal(limitsOf(visit, '')?.upBitsPerSecond, 100_000_000)
})

pageTest('says in place why limits are refused, and keeps what was typed', { expected: REFUSED }, async (visit) => {
  const { page } = visit
  await openDataCenters(visit)
  await page.getByRole('link', { name: 'Change the limits of Data Center paris' }).click()
  await page.getByLabel('Quiet hours, in UTC').fill('at night')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('alert').getByText('is not written like 22:00-06:00').waitFor()
  assert.equal(await page.getByLabel('Quiet hours, in UTC').inputValue(), 'at night')
  assert.equal(limitsOf(visit, 'paris'), undefined)
})

pageTest(
  'two admins who change the same limits: the later is told, and nothing is lost',
  { expected: REFUSED },
  async (visit) => {
    const { page, fleet, app } = visit
    await page.goto(`${app.url}/data-centers/paris/limits`)
    await page.getByLabel('Down, in Mbit/s').fill('20')
    const limits = { place: 'paris', downBitsPerSecond: 7_000_000, upBitsPerSecond: null, quietHours: [], trades: true }
    await fleet.serviceCenter.carryOut({ kind: 'set-limits', actor: 'test', limits } as never)
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('alert').getByText('Somebody else has changed this since you looked').waitFor()
    assert.equal(await page.getByLabel('Down, in Mbit/s').inputValue(), '20')
    assert.equal(limitsOf(visit, 'paris')?.downBitsPerSecond, 7_000_000)
  },
)

for (const width of [1280, 1000, 800, 400]) {
  pageTest(`shows nothing beyond the edge at ${width} pixels, and can be reached there`, { width }, async (visit) => {
    const { page, fleet } = visit
    await fleet.enroll({
      ...{
        name: 'long',
        organization: 'Org 1000',
        dataCenter: 'n'.repeat(100),
        group: 'pair',
        kind: 'service-provider',
        role: 'primary',
      },
    })
    const limits = { place: 'paris', downBitsPerSecond: 999_999_999_999, upBitsPerSecond: 2_512_345, trades: true }
    const quietHours = Array.from({ length: 8 }, (_, hour) => ({ from: 120 * hour, to: 120 * hour + 60 }))
    await fleet.serviceCenter.carryOut({
      kind: 'set-limits',
      actor: 'test',
      limits: { ...limits, quietHours } as never,
    })
    await openDataCenters(visit)
    const tooWide = await page.evaluate(() =>
      [...document.querySelectorAll('main, .pf-v6-c-card, .pf-v6-c-table__td')]
        .filter((box) => box.scrollWidth > box.clientWidth + 1)
        .map((box) => `${box.className} ${box.getAttribute('data-label')}`),
    )
    assert.deepEqual(tooWide, [])
  })
}

pageTest('follows the light or dark of the system, with text that can be read', {}, async (visit) => {
  const { page } = visit
  await openDataCenters(visit)
  const brightness = (property: 'color' | 'backgroundColor') =>
    page.evaluate((name) => {
      const heading = document.querySelector(name === 'color' ? 'h1' : '.pf-v6-c-card')
      const [red = 0, green = 0, blue = 0] = (getComputedStyle(heading as Element)[name].match(/[\d.]+/g) ?? []).map(
        Number,
      )
      return (red + green + blue) / 3
    }, property)
  assert.ok((await brightness('backgroundColor')) > 200 && (await brightness('color')) < 80)
  await page.emulateMedia({ colorScheme: 'dark' })
  assert.ok((await brightness('backgroundColor')) < 80 && (await brightness('color')) > 200)
})
