/**
 * The pages about access in a real browser: the first Owner, people and their links, API tokens, the trail; and what
 * happens to an open page when its session ends.
 */
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { changePerson } from '../../controller/shell/people.ts'
import { openWindow } from '../support/browser.ts'
import { PASSWORD, person } from '../support/people-fixtures.ts'
import { pageTest, type Visit } from './page-fixtures.ts'

async function signInAs(page: Page, name: string, password = PASSWORD): Promise<void> {
  await page.getByLabel('Name').fill(name)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
}

/** Another window of another person. */
async function windowOf({ browser, app }: Visit, name: string): Promise<{ page: Page; close(): Promise<void> }> {
  const window = await openWindow(browser)
  await window.page.goto(`${app.url}/appliances/software-updates`)
  await signInAs(window.page, name)
  await window.page.getByRole('heading', { name: 'System Patches', level: 1 }).waitFor()
  return window
}

pageTest(
  'whoever came in with the printed link creates the Owner account, and signs in with it from then on',
  {},
  async ({ page }) => {
    await page.getByRole('link', { name: 'Create the Owner account' }).click()
    await page.getByLabel('Name').fill('Ana')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.getByRole('button', { name: 'Create' }).click()
    await page.getByRole('link', { name: 'Signed in as Ana owner' }).waitFor()
    assert.equal(await page.getByText('there is no account yet').count(), 0)
  },
)

pageTest('F16: while there is no account, what to do without one is not folded away', {}, async (visit) => {
  const { browser, app, fleet } = visit
  const { page, close } = await openWindow(browser)
  const help = page.getByText('While there is no account the controller prints a link when it starts')
  for (const address of ['/appliances/software-updates', '/sign-in', '/sign-in?link=used']) {
    await page.goto(`${app.url}${address}`)
    assert.equal(await help.isVisible(), true, address)
  }
  await person(fleet.repository, 'Ana')
  for (const address of ['/appliances/software-updates', '/sign-in', '/sign-in?link=used']) {
    await page.goto(`${app.url}${address}`)
    assert.equal(await help.isVisible(), false, address)
    await page.getByText('No name and password yet?').click()
    await help.waitFor()
  }
  await close()
})

pageTest('the first account says at once what is wrong with a password', { expected: /422/ }, async ({ page, app }) => {
  await page.goto(`${app.url}/access/first-owner`)
  await page.getByLabel('Name').fill('Ana')
  await page.getByLabel('Password').fill('short')
  await page.getByRole('button', { name: 'Create' }).click()
  await page.getByText('The password is shorter than 12 characters').waitFor()
  assert.equal(await page.getByLabel('Name').inputValue(), 'Ana')
})

pageTest('an Owner adds a person, hands on the link, changes and removes them', {}, async (visit) => {
  const { page, app, fleet, browser } = visit
  await person(fleet.repository, 'Ana')
  await page.getByRole('link', { name: 'People' }).click()
  await page.getByRole('button', { name: 'Add a person' }).click()
  await page.getByLabel('Name').fill('Bela')
  await page.getByLabel('Role').selectOption('operator')
  await page.getByLabel('For', { exact: true }).selectOption('chosen')
  await page.getByLabel('acme').check()
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  const link = (await page.locator('#secret').textContent()) ?? ''
  assert.ok(link.startsWith(app.url), link)
  const row = page.getByRole('row').filter({ hasText: 'Bela' })
  assert.match((await row.textContent()) ?? '', /Operator.*acme.*invited/)

  const theirs = await openWindow(browser)
  await theirs.page.goto(link)
  await theirs.page.getByRole('heading', { name: 'Choose your password' }).waitFor()
  await theirs.page.getByLabel('New password').fill(PASSWORD)
  await theirs.page.getByRole('button', { name: 'Set password' }).click()
  await theirs.page.getByRole('link', { name: 'Signed in as Bela operator' }).waitFor()
  await theirs.close()

  await page.getByRole('link', { name: 'Change Bela' }).click()
  assert.equal(await page.getByLabel('acme').isChecked(), true)
  await page.getByLabel('Role').selectOption('viewer')
  await page.getByLabel('For', { exact: true }).selectOption('all')
  await page.getByLabel('acme').uncheck()
  await page.getByRole('button', { name: 'Save' }).click()
  await row.getByText('Viewer').waitFor()
  await page.getByRole('link', { name: 'Change Bela' }).click()
  await page.getByLabel('Remove Bela').first().click()
  await page.getByRole('button', { name: 'Remove Bela', exact: true }).click()
  await page.waitForURL('**/access/people')
  await row.waitFor({ state: 'detached' })
  assert.deepEqual(
    (await fleet.repository.people.accounts()).map(({ name }) => name),
    ['Ana'],
  )
})

pageTest(
  'whoever ticks organizations and says all is asked which, and nobody undoes what another Owner has changed',
  { expected: /4(00|12)/ },
  async ({ page, app, fleet }) => {
    await person(fleet.repository, 'Ana')
    await person(fleet.repository, 'Bela', 'operator')
    const bela = () => fleet.repository.people.findAccount('bela')
    await page.goto(`${app.url}/access/people/Bela`)
    await page.getByLabel('acme').check()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('alert').getByText('Organizations: some are chosen, and all of them as well').waitFor()
    await page.getByLabel('For', { exact: true }).selectOption('chosen')
    await changePerson(fleet.repository.people, 'Bela', { role: 'auditor' }, { nowMs: Date.now() })
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('alert').getByText('Somebody else has changed this since you looked').waitFor()
    assert.equal((await bela())?.role, 'auditor')
    await page.reload()
    await page.getByLabel('For', { exact: true }).selectOption('chosen')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('alert').getByText('A limit has to name at least one organization').waitFor()
    assert.equal((await bela())?.organizations, null)
  },
)

pageTest('a new sign-in link is asked for twice, and is shown once', {}, async ({ page, app, fleet }) => {
  await person(fleet.repository, 'Ana')
  await page.goto(`${app.url}/access/people/Ana`)
  await page.getByText('New link', { exact: true }).click()
  await page.getByText('Make a new sign-in link for Ana? The password').waitFor()
  await page.getByRole('button', { name: 'New link for Ana' }).click()
  assert.match((await page.locator('#secret').textContent()) ?? '', /\/sign-in\?link=/)
  await page.reload()
  assert.equal(await page.locator('#secret').count(), 0)
})

pageTest(
  'P1 names of people and tokens, and what is in the trail, are shown as text',
  {},
  async ({ page, app, fleet }) => {
    const evil = '<img src=x onerror=alert(1)>"\'</script>'
    await person(fleet.repository, evil)
    await fleet.repository.commit([
      { table: 'audit', row: { at: 1, actor: evil, action: evil, subject: evil, outcome: evil, origin: evil } },
    ])
    for (const path of ['people', 'trail', 'your-account']) {
      await page.goto(`${app.url}/access/${path}`)
      if (path !== 'your-account') await page.getByText(evil).first().waitFor()
      assert.equal(await page.locator('img[src=x]').count(), 0)
    }
    await page.goto(`${app.url}/access/people`)
    await page.getByRole('link', { name: `Change ${evil}` }).click()
    await page.getByRole('heading', { name: evil, level: 1 }).waitFor()
    assert.equal(await page.locator('img[src=x]').count(), 0)
  },
)

pageTest('an API token is shown once, listed, and revoked', {}, async ({ page, app }) => {
  await page.getByRole('link', { name: 'API tokens' }).click()
  await page.getByRole('button', { name: 'Make an API token' }).click()
  await page.getByLabel('Name').fill('nightly')
  await page.getByLabel('Role').selectOption('uploader')
  await page.getByRole('button', { name: 'Make', exact: true }).click()
  const token = ((await page.locator('#secret').textContent()) ?? '').trim()
  const ask = () => fetch(`${app.url}/api/v1/patches`, { headers: { Authorization: `Bearer ${token}` } })
  assert.equal((await ask()).status, 200)
  const row = page.getByRole('row').filter({ hasText: 'nightly' })
  assert.match((await row.textContent()) ?? '', /Uploader/)
  await row.getByText('Revoke', { exact: true }).click()
  await row.getByRole('button', { name: 'Revoke nightly', exact: true }).last().click()
  await row.waitFor({ state: 'detached' })
  assert.equal((await ask()).status, 401)
})

pageTest('the trail is filtered by a form whose address can be sent to a colleague', {}, async ({ page, fleet }) => {
  await fleet.publish({ name: 'kernel', version: '1' })
  await page.getByRole('link', { name: 'Trail' }).click()
  await page.getByLabel('Action').fill('upload')
  await page.getByRole('button', { name: 'Show' }).click()
  await page.waitForURL(/action=upload/)
  const rows = page.locator('#trail-table tbody tr')
  assert.equal(await rows.count(), 1)
  assert.match((await rows.textContent()) ?? '', /test.*upload.*kernel@1.*done/)
  await page.getByLabel('Action').fill('nothing')
  await page.getByRole('button', { name: 'Show' }).click()
  await page.getByText('No entry matches.').waitFor()
  const download = page.waitForEvent('download')
  await page.goto(page.url().replace('action=nothing', ''))
  await page.getByRole('link', { name: 'Export CSV' }).click()
  assert.equal((await download).suggestedFilename(), 'patchmesh-trail.csv')
})

pageTest('the trail goes on to older entries', {}, async ({ page, app, fleet }) => {
  const row = { actor: 'robot', action: 'count', outcome: 'done' }
  for (let at = 1; at <= 120; at++) {
    await fleet.repository.commit([{ table: 'audit', row: { ...row, at, subject: `entry ${at}.` } }])
  }
  await page.goto(`${app.url}/access/trail?action=count`)
  assert.equal(await page.locator('#trail-table tbody tr').count(), 100)
  await page.getByRole('link', { name: 'Older entries' }).click()
  await page.getByText('entry 1.', { exact: true }).waitFor()
  assert.equal(await page.locator('#trail-table tbody tr').count(), 20)
  assert.equal(await page.getByRole('link', { name: 'Older entries' }).count(), 0)
})

pageTest('a Viewer sees no button that would be refused, and no page of Owners', {}, async (visit) => {
  const { app, fleet } = visit
  const patch = await fleet.publish({ name: 'kernel', version: '1' })
  await fleet.detect('acme-paris-primary', patch, 'applicable', '0')
  await person(fleet.repository, 'Ana')
  await person(fleet.repository, 'Vera', 'viewer')
  const { page, close } = await windowOf(visit, 'Vera')
  for (const name of ['Upload', 'Browse']) assert.equal(await page.getByRole('button', { name }).count(), 0, name)
  for (const name of ['People', 'API tokens', 'Trail']) assert.equal(await page.getByRole('link', { name }).count(), 0)
  await page.getByRole('link', { name: 'kernel' }).click()
  // What is not there is known when the page is whole.
  await page.waitForURL(/kernel/)
  await page.getByRole('heading', { name: 'kernel 1' }).waitFor()
  for (const name of ['Install', 'Withdraw']) assert.equal(await page.getByRole('button', { name }).count(), 0, name)
  await page.goto(`${app.url}/data-centers`)
  assert.equal(await page.getByRole('link', { name: /Change/ }).count(), 0)
  await page.goto(`${app.url}/access/people`)
  await page.getByText('The role viewer may not do this').waitFor()
  await close()
})

pageTest('somebody who is limited to an organization sees its appliances alone', {}, async (visit) => {
  const { fleet } = visit
  const patch = await fleet.publish({ name: 'kernel', version: '1' })
  for (const name of ['acme-paris-primary', 'globex-paris-primary']) await fleet.detect(name, patch, 'applicable', '0')
  await fleet.sendReceipt('paris/primary', patch)
  await person(fleet.repository, 'Ana')
  await person(fleet.repository, 'Oleg', 'operator', ['acme'])
  const { page, close } = await windowOf(visit, 'Oleg')
  await page.getByText('2/4').waitFor()
  await page.getByRole('link', { name: 'kernel' }).click()
  await page.waitForURL(/kernel/)
  await page.getByRole('checkbox', { name: 'acme' }).waitFor()
  assert.doesNotMatch((await page.locator('body').textContent()) ?? '', /globex|Org 1000|paris\/primary/)
  await page.getByRole('checkbox', { name: 'acme' }).check()
  await page.getByRole('button', { name: 'Install' }).click()
  await page.getByRole('dialog').getByText('Replication is not complete').waitFor()
  await page.getByRole('button', { name: 'Install where ready' }).click()
  await page.locator('.pm-install').waitFor()
  assert.equal(fleet.serviceCenter.state.installs.size, 1)
  await close()
})

pageTest(
  'P8 when the session ends in the middle of a form the person signs in again and nothing is lost',
  { expected: /401|Failed/ },
  async (visit) => {
    const { fleet, app, browser } = visit
    const patch = await fleet.publish({ name: 'kernel', version: '1' })
    await person(fleet.repository, 'Ana')
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(`${app.url}/appliances/software-updates/kernel@1`)
    await signInAs(page, 'Ana')
    await page.getByRole('button', { name: 'Withdraw' }).click()
    await page.getByLabel('Reason').fill('a long and careful reason')
    await changePerson(fleet.repository.people, 'Ana', { disabled: false }, { nowMs: Date.now() })
    await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click()
    await page.getByText('You are signed out. What you entered here stays').first().waitFor()
    const again = context.waitForEvent('page')
    await page.getByRole('dialog').getByRole('link', { name: 'Sign in in another window' }).click()
    const signIn = await again
    await signInAs(signIn, 'Ana')
    await signIn.waitForURL(/kernel/)
    assert.equal(await page.getByLabel('Reason').inputValue(), 'a long and careful reason')
    await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click()
    await page.waitForURL('**/appliances/software-updates')
    assert.notEqual(fleet.serviceCenter.state.patches.get(patch)?.withdrawal, null)
    await context.close()
  },
)

pageTest(
  'P11 a window in which somebody else signs in tells the other one, which does nothing in their name',
  { expected: /409/ },
  async (visit) => {
    const { page, fleet, app } = visit
    const patch = await fleet.publish({ name: 'kernel', version: '1' })
    await person(fleet.repository, 'Ana')
    await person(fleet.repository, 'Uwe', 'uploader')
    await page.goto(`${app.url}/appliances/software-updates/kernel@1`)
    const other = await page.context().newPage()
    await other.goto(`${app.url}/sign-in`)
    await signInAs(other, 'Uwe')
    await other.getByRole('link', { name: 'Signed in as Uwe uploader' }).waitFor()
    await page.getByRole('button', { name: 'Withdraw' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click()
    await page.getByText('In this browser Uwe is signed in now').waitFor()
    assert.equal(fleet.serviceCenter.state.patches.get(patch)?.withdrawal, null)
    await page.evaluate(() => document.dispatchEvent(new Event('refresh')))
    await page.locator('#connection').getByText('Somebody else has signed in with this browser').waitFor()
  },
)
