/**
 * The pages where no script runs, or none could be loaded: everything that can be done is an ordinary form, a link, or a
 * dialog that the browser opens by itself.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { accountKey } from '../../controller/shell/people.ts'
import { PASSWORD, person } from '../support/people-fixtures.ts'
import { pageTest, type Visit } from './page-fixtures.ts'

const REFUSED = /Failed to load resource.* 4\d\d/
const LIST = '**/appliances/software-updates'

const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click()
const heading = (page: Page, name: string) => page.getByRole('heading', { name, level: 1 }).waitFor()
const theirRow = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text })

async function inFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-page-'))
  try {
    await act(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Both ways of having none: switched off, and not arriving. */
function withoutScripts(title: string, act: (visit: Visit) => Promise<void>, expected?: RegExp): void {
  const options = expected === undefined ? {} : { expected }
  pageTest(`${title} without JavaScript`, { ...options, javaScript: false }, act)
  const failing = {
    expected: new RegExp(`Failed to load|ERR_FAILED${expected === undefined ? '' : `|${expected.source}`}`),
  }
  pageTest(`${title} when scripts fail to load`, failing, async (visit) => {
    await visit.page.route('**/*.js', (route) => route.abort())
    await visit.page.reload()
    await act(visit)
  })
}

withoutScripts('uploads several files', ({ page, fleet }) =>
  inFolder(async (folder) => {
    const files = ['alpha', 'beta'].map((name) => path.join(folder, `${name}-1.0.0.patch`))
    for (const [index, name] of ['alpha', 'beta'].entries()) await writeExampleBundle({ name, out: files[index] ?? '' })
    await page.getByLabel('Patch file').setInputFiles(files)
    await press(page, 'Upload')
    for (const name of ['alpha', 'beta']) await page.getByRole('link', { name }).waitFor()
    assert.equal(fleet.serviceCenter.state.patches.size, 2)
  }),
)

withoutScripts(
  'says which file is refused and why',
  ({ page, fleet }) =>
    inFolder(async (folder) => {
      const file = path.join(folder, 'notes.patch')
      await writeFile(file, 'these are notes')
      await page.getByLabel('Patch file').setInputFiles(file)
      await press(page, 'Upload')
      await page.getByText('"notes.patch": The file is a plain text file').waitFor()
      await page.getByRole('link', { name: 'Back' }).click()
      await heading(page, 'System Patches')
      assert.equal(fleet.serviceCenter.state.patches.size, 0)
    }),
  REFUSED,
)

withoutScripts(
  'says that no file is chosen',
  async ({ page }) => {
    await press(page, 'Upload')
    await page.getByText('No file is chosen').waitFor()
  },
  REFUSED,
)

withoutScripts('gives up an interrupted upload', async ({ page, fleet }) => {
  await fleet.serviceCenter.uploads.create({ owner: 'admin', filename: 'kernel.deb', bytes: 9, lastModified: null })
  await page.reload()
  await press(page, 'Discard')
  await page.getByText('Interrupted uploads').waitFor({ state: 'detached' })
  assert.deepEqual(fleet.serviceCenter.uploads.of('admin' as never), [])
})

withoutScripts('withdraws a patch', async ({ page, app, fleet }) => {
  const patch = await fleet.publish({ name: 'kernel', version: '1' })
  await page.goto(`${app.url}/appliances/software-updates/kernel@1`)
  await press(page, 'Withdraw')
  await page.getByLabel('Reason').fill('a mistake')
  await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click()
  await page.waitForURL(LIST)
  assert.notEqual(fleet.serviceCenter.state.patches.get(patch)?.withdrawal, null)
})

withoutScripts('installs when ready, and cancels', async ({ page, app, fleet }) => {
  const patch = await fleet.publish({ name: 'kernel', version: '1' })
  await fleet.detect('acme-paris-primary', patch, 'applicable', '0')
  await page.goto(`${app.url}/appliances/software-updates/kernel@1`)
  await page.getByLabel('acme', { exact: true }).check()
  await press(page, 'Install')
  await page.getByText('Replication is not complete on').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Cancel' }).count(), 0)
  assert.equal(await page.getByRole('button', { name: 'Install where ready' }).count(), 0)
  await press(page, 'Install when ready')
  await page.getByText('Cancel install', { exact: true }).click()
  await press(page, 'Cancel it')
  await page.locator('.pm-install').getByText('cancelled').first().waitFor()
  const [install] = fleet.serviceCenter.state.installs.values()
  assert.equal(install?.state, 'cancelled')
})

withoutScripts('changes the limits of links', async ({ page, app, fleet }) => {
  await page.goto(`${app.url}/data-centers`)
  await page.getByRole('link', { name: 'Change the limits of Data Center paris' }).click()
  await page.getByLabel('Down, in Mbit/s').fill('20')
  await page.getByLabel('Quiet hours, in UTC').fill('08:00 - 18:00')
  await page.getByRole('checkbox').uncheck()
  await press(page, 'Save')
  await theirRow(page, 'paris').getByText('20 Mbit/s').waitFor()
  const limits = fleet.serviceCenter.state.limits.get('paris' as '')
  assert.deepEqual([limits?.downBitsPerSecond, limits?.quietHours.length, limits?.trades], [20_000_000, 1, false])
})

withoutScripts('adds a person, changes and removes them', async ({ page, app, fleet }) => {
  await person(fleet.repository, 'Ana')
  await page.goto(`${app.url}/access/people`)
  await press(page, 'Add a person')
  await page.getByLabel('Name').fill('Bela')
  await page.getByLabel('Role').selectOption('operator')
  await page.getByLabel('For', { exact: true }).selectOption('chosen')
  for (const name of ['acme', 'globex']) await page.getByLabel(name, { exact: true }).check()
  await press(page, 'Add')
  assert.match((await page.locator('#secret').textContent()) ?? '', /\/sign-in\?link=/)
  await page.getByRole('link', { name: 'Change Bela' }).click()
  await page.getByLabel('globex', { exact: true }).uncheck()
  await page.getByLabel('Disabled').check()
  await press(page, 'Save')
  await theirRow(page, 'Bela').getByText('disabled', { exact: true }).waitFor()
  const account = await fleet.repository.people.findAccount(accountKey('Bela'))
  assert.deepEqual(account?.organizations, ['acme'])
  await page.getByRole('link', { name: 'Change Bela' }).click()
  await page.getByLabel('Remove Bela').first().click()
  await press(page, 'Remove Bela')
  await theirRow(page, 'Bela').waitFor({ state: 'detached' })
  assert.equal(await fleet.repository.people.findAccount(accountKey('Bela')), undefined)
})

withoutScripts('makes an API token and revokes it', async ({ page, app }) => {
  await page.goto(`${app.url}/access/api-tokens`)
  await press(page, 'Make an API token')
  await page.getByLabel('Name').fill('nightly')
  await page.getByLabel('Role').selectOption('uploader')
  await press(page, 'Make')
  const token = ((await page.locator('#secret').textContent()) ?? '').trim()
  const ask = async () =>
    (await fetch(`${app.url}/api/v1/patches`, { headers: { Authorization: `Bearer ${token}` } })).status
  assert.equal(await ask(), 200)
  await page.getByLabel('Revoke nightly').first().click()
  await press(page, 'Revoke nightly')
  await page.getByText('There is no API token yet').waitFor()
  assert.equal(await ask(), 401)
})

withoutScripts('creates the first Owner, and sets a password', async ({ page, fleet }) => {
  await page.getByRole('link', { name: 'Create the Owner account' }).click()
  await page.getByLabel('Name').fill('Ana')
  await page.getByLabel('Password').fill(PASSWORD)
  await press(page, 'Create')
  await page.getByRole('link', { name: 'Signed in as Ana owner' }).click()
  await page.getByLabel('Current password').fill(PASSWORD)
  await page.getByLabel('New password').fill(`${PASSWORD} and more`)
  await press(page, 'Set password')
  await page.waitForURL(LIST)
  assert.equal((await fleet.repository.people.accounts()).length, 1)
  await press(page, 'Sign out')
  await heading(page, 'Sign in')
})

withoutScripts(
  'P8 leads back to the page of a form when the session has ended meanwhile',
  async ({ page, app, fleet }) => {
    await fleet.publish({ name: 'kernel', version: '1' })
    await person(fleet.repository, 'Ana')
    await page.goto(`${app.url}/appliances/software-updates/kernel@1`)
    await press(page, 'Withdraw')
    await page.context().clearCookies()
    await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click()
    await page.getByLabel('Name').fill('Ana')
    await page.getByLabel('Password').fill(PASSWORD)
    await press(page, 'Sign in')
    await heading(page, 'kernel 1')
  },
  /401/,
)
