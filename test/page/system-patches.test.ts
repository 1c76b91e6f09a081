/**
 * System Patches in a real browser: the list and its Replications, live.
 */
import assert from 'node:assert/strict'
import { emptyFleet } from '../support/fleet-fixtures.ts'
import { pageTest, screenshot } from './page-fixtures.ts'

pageTest('is called System Patches, and an empty list says what to do', { fleet: emptyFleet }, async ({ page }) => {
  assert.equal(await page.title(), 'System Patches')
  await page.getByRole('heading', { level: 1, name: 'System Patches' }).waitFor()
  await page.getByText('Choose a patch file above with Browse and press Upload.').waitFor()
  await screenshot(page, 'empty')
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
  await screenshot(page, 'list')
})

pageTest(
  'P9 says since when it is not connected',
  { expected: /ERR_|Failed to load/ },
  async ({ page, fleet, app }) => {
    await fleet.publish({ name: 'kernel', version: '6.1' })
    await page.getByRole('row', { name: /kernel/ }).waitFor()
    await app.close()
    await page.getByText(/^Not connected since \d\d:\d\d; numbers may be old\.$/).waitFor()
    await page.getByRole('row', { name: /kernel/ }).waitFor()
    await screenshot(page, 'not-connected')
  },
)

pageTest(
  'signs out, and the page is closed to whoever comes back',
  { expected: /40[13]|Failed/ },
  async ({ page, fleet }) => {
    await fleet.publish({ name: 'kernel', version: '1' })
    await page.getByRole('link', { name: 'kernel' }).click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Not signed in' }).waitFor()
    await page.goBack()
    await page.getByRole('heading', { name: 'Not signed in' }).waitFor()
  },
)

for (const width of [1280, 800]) {
  pageTest(`shows nothing beyond the edge at ${width} pixels`, { width }, async ({ page, fleet }) => {
    await fleet.publish({ name: `long-${'name'.repeat(20)}`, version: `1.${'0'.repeat(60)}` })
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
