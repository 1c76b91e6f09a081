/**
 * System Patches in a real browser: the list and its Replications, live.
 */
import assert from 'node:assert/strict'
import { emptyFleet, peerOf } from '../support/fleet-fixtures.ts'
import { serveApp } from '../support/http-fixtures.ts'
import { pageTest } from './page-fixtures.ts'

const ALL = ['paris/primary', 'paris/secondary', 'tokyo/primary', 'tokyo/secondary']

pageTest('is called System Patches, and an empty list says what to do', { fleet: emptyFleet }, async ({ page }) => {
  assert.equal(await page.title(), 'System Patches')
  await page.getByRole('heading', { level: 1, name: 'System Patches' }).waitFor()
  await page.getByText('Choose a patch file above with Browse and press Upload.').waitFor()
})

pageTest('shows a patch and each change of n/m without a reload', {}, async ({ page, fleet }) => {
  await page.evaluate(() => document.body.setAttribute('data-same-document', 'yes'))
  const patch = await fleet.publish({ name: 'kernel', version: '6.1' })
  const row = page.getByRole('row', { name: /kernel/ })
  await row.getByText('0/4').waitFor()
  let complete = 0
  for (const name of ['paris/primary', 'tokyo/primary', 'paris/secondary', 'tokyo/secondary']) {
    await fleet.sendReceipt(name, patch)
    complete += 1
    await row.getByText(`${complete}/4`).waitFor()
  }
  await row.getByText('complete').waitFor()
  await fleet.disconnect('tokyo/secondary')
  await row.getByText('complete, 1 unreachable').waitFor()
  assert.equal(await page.evaluate(() => document.body.dataset['sameDocument']), 'yes')
  assert.match((await row.getByRole('link', { name: 'kernel' }).getAttribute('href')) ?? '', /kernel%406\.1$/)
})

pageTest(
  'P9 says how old the numbers are when the connection is gone, and goes on with a Service Center that started again',
  { expected: /ERR_|Failed to load/ },
  async ({ page, fleet, app }) => {
    const patch = await fleet.publish({ name: 'kernel', version: '6.1' })
    await page.getByRole('row', { name: /kernel/ }).waitFor()
    await app.close()
    await page.getByText(/^Not connected; trying again\. The numbers are [1-9]\d* s old\.$/).waitFor()
    await page.getByRole('row', { name: /kernel/ }).waitFor()
    const again = await serveApp(fleet, { port: Number(new URL(app.url).port) })
    await fleet.sendReceipt('paris/primary', patch)
    await page
      .getByRole('row', { name: /kernel/ })
      .getByText('1/4')
      .waitFor()
    await page.locator('#connection').waitFor({ state: 'hidden' })
    await again.close()
  },
)

pageTest(
  'P6 signs out, and the page is closed to whoever comes back',
  { expected: /40[13]|Failed/ },
  async ({ page, fleet }) => {
    await fleet.publish({ name: 'kernel', version: '1' })
    await page.getByRole('link', { name: 'kernel' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.goBack()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  },
)

for (const width of [1280, 800, 320]) {
  pageTest(`shows nothing beyond the edge at ${width} pixels`, { width }, async ({ page, fleet }) => {
    await fleet.publish({ name: `long-${'name'.repeat(20)}`, version: `1.${'0'.repeat(60)}` })
    await page.getByRole('button', { name: /^Copies: / }).click()
    await page.locator('[data-copy="tokyo/secondary"]').waitFor()
    await page.getByRole('link', { name: /^long-/ }).click()
    await page.getByRole('heading', { name: 'Replication', exact: true }).waitFor()
    const widths = () =>
      page.evaluate(() => [document.querySelector('main')?.scrollWidth, document.querySelector('main')?.clientWidth])
    const [scrolled, visible] = await widths()
    assert.equal(scrolled, visible)
    await page.goBack()
    const [listScrolled, listVisible] = await widths()
    assert.equal(listScrolled, listVisible)
  })
}

pageTest('leaves the whole window to the patches on a phone and at 400 %', { width: 320 }, async ({ page, fleet }) => {
  await fleet.publish({ name: 'kernel', version: '6.1' })
  const row = page.getByRole('row', { name: /kernel/ })
  await row.waitFor()
  await page.setViewportSize({ width: 320, height: 256 })
  await row.evaluate((element) => element.scrollIntoView())
  const bottom = await page.getByRole('banner').evaluate((element) => element.getBoundingClientRect().bottom)
  assert.ok(bottom <= 0, `the masthead takes the room down to ${bottom}`)
})

pageTest('P1 shows hostile names as text', { fleet: emptyFleet }, async ({ page, fleet }) => {
  const name = '<script>hacked=1</script><img src=x onerror=hacked=1>'
  const place = { organization: `"><b>${name}`, dataCenter: `' ${name}` }
  await fleet.enroll({ name, ...place, group: name, kind: 'service-provider', role: 'primary' })
  await fleet.publish({ name: 'kernel', version: '1' })
  await page.getByRole('link', { name: 'kernel' }).click()
  await page.locator('strong').getByText(name, { exact: true }).waitFor()
  await page.locator('.pm-organization input').check()
  await page.getByRole('button', { name: 'Install', exact: true }).click()
  await page.locator('#not-replicated').getByText(name, { exact: true }).waitFor()
  assert.equal(await page.evaluate(() => 'hacked' in window), false)
})

pageTest('can be read without JavaScript', { javaScript: false }, async ({ page, fleet }) => {
  const patch = await fleet.publish({ name: 'kernel', version: '6.1' })
  await fleet.sendReceipt('paris/primary', patch)
  await page.reload()
  await page.getByText('1/4').waitFor()
  await page.getByRole('link', { name: 'kernel' }).click()
  await page.getByLabel('acme', { exact: true }).check()
  await page.getByLabel('Data Center').selectOption('tokyo')
  await page.getByRole('button', { name: 'Install', exact: true }).click()
  await page.getByRole('heading', { name: 'Replication is not complete' }).waitFor()
  await page.locator('#not-replicated').getByText('tokyo/secondary').waitFor()
})

const MiB = 1024 * 1024

pageTest(
  'the Replications of a patch open to each appliance: state, bytes, rate, time left, source, and why one waits',
  {},
  async (visit) => {
    const { page, fleet } = visit
    const patch = await fleet.publish({ name: 'kernel', version: '6.1' })
    await fleet.sendReceipt('paris/primary', patch)
    await fleet.tellProgress('tokyo/primary', {
      ...{ patch, state: 'transferring', bytes: 150 * MiB, wanBytes: 0, reason: '', bytesPerSecond: 2 * MiB },
      sources: [fleet.serviceCenter.state.mesh, peerOf(fleet, 'paris/primary')],
    })
    await fleet.tellProgress('tokyo/secondary', {
      ...{ patch, state: 'waiting', bytes: 0, wanBytes: 0, reason: 'no source has offered it yet', bytesPerSecond: 0 },
      sources: [],
    })
    await fleet.disconnect('paris/secondary')
    await page.getByRole('button', { name: /^Copies: / }).click()
    const copy = (name: string) => page.locator(`[data-copy="${name}"]`)
    await copy('paris/primary').getByText('replicated').waitFor()
    await copy('tokyo/primary')
      .getByText('150.0 MiB of 300.0 MiB, 2.0 MiB/s, 75 s left, from Service Center and paris/primary')
      .waitFor()
    await copy('tokyo/secondary').getByText('No source has offered it yet.').waitFor()
    await copy('paris/secondary')
      .getByText(/^Not reachable since /)
      .waitFor()
    await page
      .getByRole('row', { name: /kernel/ })
      .getByText('paris/secondary: not reachable since')
      .waitFor()
    await page.setViewportSize({ width: 320, height: 900 })
    await page.reload()
    await copy('tokyo/primary').getByText('transferring').waitFor()
    await page.getByRole('button', { name: /^Copies: / }).press(' ')
    await copy('tokyo/primary').waitFor({ state: 'detached' })
  },
)

pageTest('new Data Centers that turn 4/4 into 4/6 say so', {}, async ({ page, fleet }) => {
  const patch = await fleet.publish({ name: 'kernel', version: '6.1' })
  for (const name of ALL) await fleet.sendReceipt(name, patch)
  const row = page.getByRole('row', { name: /kernel/ })
  await row.getByText('4/4').waitFor()
  for (const role of ['primary', 'secondary'] as const)
    await fleet.enroll({
      name: `oslo/${role}`,
      organization: 'Org 1000',
      dataCenter: 'oslo',
      kind: 'service-provider',
      role,
    })
  await row.getByText('4/6').waitFor()
  await row.getByText('replicating, 2 new').waitFor()
})

pageTest(
  'finds, narrows, sorts and pages the list, and keeps all of it in the address',
  {},
  async ({ page, fleet }) => {
    for (let number = 1; number <= 30; number++)
      await fleet.publish({ name: `patch-${String(number).padStart(2, '0')}`, version: '1', bytes: number * MiB })
    const done = await fleet.publish({ name: 'done', version: '1' })
    for (const name of ALL) await fleet.sendReceipt(name, done)
    const names = () => page.locator('#patch-table tbody td:first-child > a').allTextContents()
    const first = (name: string) =>
      page.locator('#patch-table tbody tr').first().getByRole('link', { name, exact: true }).waitFor()
    await page.getByText('31 patches').waitFor()
    assert.equal((await names()).length, 25)
    await page.getByRole('link', { name: 'Next' }).click()
    await page.getByText('2 of 2').waitFor()
    await first('patch-06')
    await page.getByRole('columnheader', { name: 'Size' }).getByRole('link').click()
    await first('done')
    assert.equal(await page.getByRole('columnheader', { name: 'Size' }).getAttribute('aria-sort'), 'descending')
    await page.getByRole('columnheader', { name: 'Name' }).getByRole('link').click()
    await first('done')
    await page.getByRole('searchbox', { name: 'Find patches' }).fill('PATCH-2')
    await page.getByText('10 patches').waitFor()
    assert.deepEqual((await names()).slice(0, 2), ['patch-20', 'patch-21'])
    const address = page.url()
    assert.equal(new URL(address).search, '?search=PATCH-2&sort=name&order=up')
    await page.goto('about:blank')
    await page.goto(address)
    assert.equal((await names()).length, 10)
    assert.equal(await page.getByRole('searchbox').inputValue(), 'PATCH-2')
    await page.getByRole('link', { name: 'patch-20' }).click()
    await page.goBack()
    assert.equal(page.url(), address)
    await page.getByRole('searchbox').fill('')
    await page.getByRole('combobox', { name: 'Show' }).selectOption('complete')
    await page.getByText('1 patch', { exact: true }).waitFor()
    assert.deepEqual(await names(), ['done'])
    await page.getByRole('combobox', { name: 'Show' }).selectOption('attention')
    await page.getByText('No patch matches').waitFor()
    await fleet.disconnect('tokyo/secondary')
    await page.getByText('30 patches').waitFor()
  },
)

pageTest(
  'a newer patch that supersedes takes the place of the older one, which is still there',
  {},
  async ({ page, fleet }) => {
    await fleet.publish({ name: 'kernel', version: '6.9' })
    await fleet.publish({ name: 'kernel', version: '6.10' })
    await page.getByText('1 superseded patch is hidden.').waitFor()
    assert.equal(await page.locator('[data-patch="kernel@6.9"]').count(), 0)
    await page.getByRole('link', { name: 'Show it' }).click()
    const older = page.locator('[data-patch="kernel@6.9"]')
    await older.getByText('superseded by kernel 6.10').waitFor()
    assert.equal(await page.getByRole('checkbox', { name: 'Superseded too' }).isChecked(), true)
    await older.getByRole('link', { name: 'kernel', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'kernel 6.9' }).waitFor()
  },
)

pageTest(
  'the list is found, narrowed and opened without JavaScript',
  { javaScript: false },
  async ({ page, fleet }) => {
    await fleet.publish({ name: 'kernel', version: '6.1' })
    await fleet.publish({ name: 'openssl', version: '3' })
    await page.reload()
    await page.getByRole('searchbox').fill('kernel')
    await page.getByRole('button', { name: 'Apply' }).click()
    await page.getByText('1 patch', { exact: true }).waitFor()
    await page.getByRole('button', { name: /^Copies: / }).click()
    await page.locator('[data-copy="tokyo/secondary"]').waitFor()
    assert.equal(await page.getByRole('searchbox').inputValue(), 'kernel')
  },
)

pageTest('says who uploaded a patch', {}, async ({ page, fleet }) => {
  await fleet.publish({ name: 'kernel', version: '6.1' })
  await page
    .getByRole('row', { name: /kernel/ })
    .getByText('by test')
    .waitFor()
})
