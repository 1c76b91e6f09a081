/**
 * Appliances in a real browser: the inventory with its filters in the address, one appliance, enrolling, and what is
 * changed about a place.
 */
import assert from 'node:assert/strict'
import { emptyFleet, peerOf } from '../support/fleet-fixtures.ts'
import { pageTest, type Visit } from './page-fixtures.ts'
import { copiedFleet } from './state-fleets.ts'

const REFUSED = /Failed to load resource.* 4\d\d/
const NAMES = '[data-appliance] [data-label="Name"]'

async function openAppliances({ page }: Visit): Promise<void> {
  await page.getByRole('link', { name: 'All appliances' }).click()
  await page.getByRole('heading', { level: 1, name: 'Appliances' }).waitFor()
}

async function openOne(visit: Visit, name: string): Promise<void> {
  await openAppliances(visit)
  await visit.page.getByRole('link', { name, exact: true }).click()
  await visit.page.getByRole('heading', { level: 1, name }).waitFor()
}

pageTest('says what to do first when nothing is enrolled', { fleet: emptyFleet }, async (visit) => {
  await openAppliances(visit)
  await visit.page.getByText('No appliance yet').waitFor()
  await visit.page.getByRole('link', { name: 'Enroll', exact: true }).click()
  await visit.page.getByRole('heading', { level: 1, name: 'Enroll appliances' }).waitFor()
})

for (const javaScript of [true, false])
  pageTest(
    `filters, sorts and pages through the inventory, which is in the address${javaScript ? '' : ', also without scripts'}`,
    { javaScript },
    async (visit) => {
      const { page } = visit
      await openAppliances(visit)
      assert.equal(await page.locator(NAMES).count(), 12)
      await page.getByLabel('Data Center').selectOption('tokyo')
      await page.getByLabel('Organization').selectOption('globex')
      await page.getByRole('button', { name: 'Filter' }).click()
      await page.waitForURL(/dataCenter=tokyo/)
      assert.deepEqual(await page.locator(NAMES).allTextContents(), ['globex-tokyo-primary', 'globex-tokyo-secondary'])
      await page.getByRole('link', { name: 'Name' }).click()
      await page.waitForURL(/sort=name/)
      await page.getByRole('link', { name: 'Name' }).click()
      await page.waitForURL(/order=down/)
      assert.deepEqual(await page.locator(NAMES).allTextContents(), ['globex-tokyo-secondary', 'globex-tokyo-primary'])
      assert.equal(await page.locator('th[aria-sort=descending]').count(), 1)
      await page.getByLabel('Search').fill('nobody')
      await page.getByRole('button', { name: 'Filter' }).click()
      await page.getByText('No appliance matches').waitFor()
      await page.getByRole('link', { name: 'Clear the filters' }).click()
      await page.waitForURL(/\/appliances$/)
    },
  )

pageTest('shows a page of a long list at a time', { fleet: longFleet }, async (visit) => {
  const { page } = visit
  await openAppliances(visit)
  await page.getByText('1 to 20 of 27 appliances').waitFor()
  await page.getByRole('link', { name: 'Next' }).click()
  await page.getByText('21 to 27 of 27 appliances').waitFor()
  await page.goto(`${visit.app.url}/appliances?page=99`)
  await page.getByText('21 to 27 of 27 appliances').waitFor()
  await page.getByRole('link', { name: 'Previous' }).click()
  await page.getByText('1 to 20 of 27 appliances').waitFor()
})

async function longFleet() {
  const fleet = await emptyFleet()
  const place = { organization: 'Org 1000', dataCenter: 'paris' }
  await fleet.enroll({ ...place, name: 'depot', kind: 'service-provider', role: 'primary' })
  for (let number = 1; number <= 26; number++) {
    const name = `tenant-${number}`
    await fleet.enroll({ name, organization: `org-${number}`, dataCenter: 'paris', kind: 'tenant', role: 'primary' })
  }
  return fleet
}

pageTest(
  'shows when an appliance was last in contact, its agent, its store and what arrives, live',
  {},
  async (visit) => {
    const { page, fleet } = visit
    await openAppliances(visit)
    const row = page.locator('[data-appliance="paris/primary"]')
    await row.getByText('reachable', { exact: true }).waitFor()
    await fleet.disconnect('paris/primary')
    await row.getByText('not reachable').waitFor()
    await row.getByText(/since .*20\d\d/).waitFor()
    await fleet.connect('paris/primary')
    const patch = await fleet.publish({ name: 'kernel', version: '1', bytes: 10 * 1024 * 1024 })
    await fleet.tellProgress('paris/primary', {
      ...{ patch, state: 'transferring', bytes: 0, reason: '', bytesPerSecond: 2 * 1024 * 1024, wanBytes: 0 },
      sources: [peerOf(fleet, 'tokyo/primary')],
    })
    await row.getByText('2.0 MiB/s').waitFor()
    await row.getByText('from tokyo/primary').waitFor()
  },
)

pageTest(
  'shows one appliance: its copies and why one waits, what it has, its installs and its history',
  {},
  async (visit) => {
    const { page, fleet } = visit
    const patch = await fleet.publish({ name: 'kernel', version: '1', bytes: 10 * 1024 * 1024 })
    await fleet.tellProgress('paris/primary', {
      ...{ patch, state: 'waiting', bytes: 0, reason: 'the disk is full', bytesPerSecond: 0, wanBytes: 0, sources: [] },
    })
    await fleet.detect('paris/primary', patch, 'applicable', '0.9')
    await openOne(visit, 'paris/primary')
    await page.locator('#copies').getByText('The disk is full.').waitFor()
    await page.locator('#detections').getByText('0.9').waitFor()
    await page.locator('#installs').getByText('It has had no part in an install.').waitFor()
    await page.locator('#history').getByText('enroll').waitFor()
  },
)

for (const javaScript of [true, false])
  pageTest(
    `F1: says that two machines use a key, and lets a person say that one is left${javaScript ? '' : ', also without scripts'}`,
    { fleet: copiedFleet, javaScript },
    async (visit) => {
      const { page } = visit
      await openAppliances(visit)
      const row = page.locator('[data-appliance="paris/secondary"]')
      await row.getByText('held', { exact: true }).waitFor()
      await row.getByText(/^Two machines use the key of paris\/secondary: switch the copy off/).waitFor()
      await openOne(visit, 'paris/secondary')
      await page.locator('#history').getByText('two machines use its key').waitFor()
      await page.getByLabel('The copy is switched off').check()
      await page.getByRole('button', { name: 'Trust paris/secondary again' }).click()
      await page.locator('#history').getByText('one machine is left; epoch 2').waitFor()
      await page.locator('#facts').getByText('not reachable').waitFor()
      assert.equal(await page.getByText('The copy is switched off').count(), 0)
    },
  )

pageTest('enrolls one appliance with a form, and shows the command with the token once', {}, async (visit) => {
  const { page } = visit
  await openAppliances(visit)
  await page.getByRole('link', { name: 'Enroll appliances' }).click()
  const form = page.locator('#one')
  await form.getByLabel('Name').fill('rome-1')
  await form.getByLabel('Data Center').fill('rome')
  await form.getByLabel('Organization').fill('Org 1000')
  await form.getByLabel('Kind').fill('service-provider')
  await form.getByRole('button', { name: 'Make a token' }).dblclick()
  await page.getByText('This is shown once.').waitFor()
  assert.match((await page.locator('.pm-command').textContent()) ?? '', /^patchmesh agent --data \S+ --token pm1\.\S+$/)
  await page.getByRole('link', { name: 'Appliances', exact: true }).click()
  await page.getByRole('link', { name: 'Enroll appliances' }).click()
  const token = page.locator('[data-token="rome-1"]')
  await token.waitFor()
  assert.equal(await page.locator('.pm-command').count(), 0)
  await token.getByRole('button', { name: 'Take back the token for rome-1' }).click()
  await page.getByText('No token is open.').waitFor()
})

pageTest(
  'gives tokens for a whole topology file, and says what is wrong with one, also without scripts',
  { javaScript: false, expected: REFUSED },
  async (visit) => {
    const { page } = visit
    await openAppliances(visit)
    await page.getByRole('link', { name: 'Enroll appliances' }).click()
    await page.getByLabel('Or its text').fill('dataCentres: []')
    await page.getByRole('button', { name: 'Make tokens' }).click()
    await page
      .getByText(/line:1: .*expected/i)
      .first()
      .waitFor()
    await page.getByRole('link', { name: 'Back' }).click()
    const text = [
      'organizations: { provider: Org 1000 }',
      'serviceCenter: { down: 1 Gbit/s, up: 1 Gbit/s }',
      'dataCenters: [{ name: oslo, wan: { down: 1 Gbit/s, up: 1 Gbit/s } }]',
    ].join('\n')
    await page
      .getByLabel('Topology file')
      .setInputFiles({ name: 't.yaml', mimeType: 'text/yaml', buffer: Buffer.from(text) })
    await page.getByRole('button', { name: 'Make tokens' }).click()
    await page.getByRole('heading', { name: '2 tokens' }).waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Download as JSON' }).click(),
    ])
    assert.equal(download.suggestedFilename(), 'patchmesh-tokens.json')
  },
)

pageTest(
  'renames, replaces and retires an appliance; only what cannot be undone is asked twice',
  { expected: REFUSED },
  async (visit) => {
    const { page, fleet } = visit
    await openOne(visit, 'globex-paris-secondary')
    await page.getByText('Rename', { exact: true }).first().click()
    await page.getByLabel('New name').fill('paris/primary')
    await page.getByRole('button', { name: 'Rename' }).click()
    await page.getByText(/there is an appliance, or an open token/i).waitFor()
    await page.getByLabel('New name').fill('globex 2')
    await page.getByRole('button', { name: 'Rename' }).click()
    await page.getByRole('heading', { level: 1, name: 'globex 2' }).waitFor()
    await page.getByText('Retire', { exact: true }).click()
    await page.getByText('This cannot be undone.').waitFor()
    await page.getByRole('checkbox', { name: 'Retire globex 2 for good' }).check()
    await page.getByRole('button', { name: 'Retire globex 2' }).click()
    await page.locator('#facts').getByText('retired', { exact: true }).waitFor()
    assert.equal(fleet.serviceCenter.state.appliances.size, 11)
    await page.goto(`${visit.app.url}/appliances?members=retired`)
    const offered = await page.getByLabel('Organization').getByRole('option').allTextContents()
    assert.deepEqual(offered, ['All', 'globex'], 'a filter offers what there is among the retired')
    await openOne(visit, 'globex-paris-primary')
    await page.getByText('Retire', { exact: true }).click()
    await page.getByText(/is the last member of the group/).waitFor()
    await page.getByText('Replace by another machine').click()
  },
)

pageTest('reads well at 320 pixels', { width: 320 }, async (visit) => {
  const { page } = visit
  await page.goto(`${visit.app.url}/appliances`)
  await page.getByRole('heading', { level: 1, name: 'Appliances' }).waitFor()
  const overflow = () =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.equal(await overflow(), 0)
  await page.goto(`${visit.app.url}/appliances/${encodeURIComponent('paris/primary')}`)
  assert.equal(await overflow(), 0)
  await page.goto(`${visit.app.url}/appliances/enroll`)
  assert.equal(await overflow(), 0)
})
