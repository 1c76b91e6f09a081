/**
 * Passkeys in a real browser, with the device that its DevTools make: added on Your account, used on the sign-in page,
 * removed. The page is open at localhost, since browsers have no passkeys for 127.0.0.1.
 */
import assert from 'node:assert/strict'
import type { CDPSession, Page } from 'playwright-core'
import { openWindow } from '../support/browser.ts'
import { PASSWORD, person } from '../support/people-fixtures.ts'
import { pageTest, type Visit } from './page-fixtures.ts'

type Device = { session: CDPSession; authenticatorId: string }

/** A laptop with a fingerprint reader that keeps passkeys; Ana's finger is on it. */
async function deviceOf(page: Page): Promise<Device> {
  const session = await page.context().newCDPSession(page)
  await session.send('WebAuthn.enable')
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true },
      ...{ isUserVerified: true, automaticPresenceSimulation: true },
    },
  })
  return { session, authenticatorId }
}

/** Ana on Your account, at a host name, with her device. */
async function anaAtHome({ page, app, fleet }: Visit): Promise<{ home: string; device: Device }> {
  const home = app.url.replace('127.0.0.1', 'localhost')
  await person(fleet.repository, 'Ana')
  const device = await deviceOf(page)
  await page.goto(`${home}/access/your-account`)
  await page.getByLabel('Name').fill('Ana')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'Your account', level: 1 }).waitFor()
  return { home, device }
}

async function addPasskey(page: Page, name: string, password = PASSWORD): Promise<void> {
  await page.getByRole('button', { name: 'Add a passkey' }).click()
  await page.getByLabel('Name of the passkey').fill(name)
  await page.getByRole('textbox', { name: 'Your password' }).fill(password)
  await page.getByRole('button', { name: 'Continue' }).click()
}

const table = (page: Page) => page.getByRole('table', { name: 'Passkeys' })

pageTest(
  'a person adds a passkey on Your account and signs in with it, to the page that was asked for',
  { expected: /401/ },
  async (visit) => {
    const { page, fleet } = visit
    const { home } = await anaAtHome(visit)
    await page.getByText('There is no passkey yet').waitFor()
    await addPasskey(page, 'Work laptop')
    await table(page)
      .getByRole('cell', { name: /Work laptop at/ })
      .waitFor()
    assert.match((await table(page).textContent()) ?? '', /at localhost.*Ana.*never/)
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
    await page.goto(`${home}/access/your-account`)
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByRole('heading', { name: 'Your account', level: 1 }).waitFor()
    await page.getByRole('link', { name: 'Signed in as Ana owner' }).waitFor()
    assert.doesNotMatch((await table(page).textContent()) ?? '', /never/)
    const [newest] = await fleet.repository.trail({ organizations: null, action: 'sign in', limit: 1 })
    assert.equal(newest?.subject, 'with a passkey')
  },
)

pageTest(
  'adding a passkey asks for the password, and a device that has one gets no second',
  { expected: /401/ },
  async (visit) => {
    const { page } = visit
    await anaAtHome(visit)
    await addPasskey(page, 'Work laptop', 'not my password')
    await page.getByText('This is not your current password').waitFor()
    await page.getByRole('textbox', { name: 'Your password' }).fill(PASSWORD)
    await page.getByRole('button', { name: 'Continue' }).click()
    await table(page)
      .getByRole('cell', { name: /Work laptop at/ })
      .waitFor()
    await addPasskey(page, 'Again')
    await page.getByText('This device has a passkey of yours already').waitFor()
    assert.equal(await table(page).locator('tbody tr').count(), 1)
  },
)

pageTest('a passkey that was removed signs nobody in, and the page says so', { expected: /401/ }, async (visit) => {
  const { page } = visit
  await anaAtHome(visit)
  await addPasskey(page, 'Work laptop')
  await table(page).getByText('Remove', { exact: true }).click()
  await table(page).getByRole('button', { name: 'Remove the passkey Work laptop of Ana' }).click()
  await page.getByText('There is no passkey yet').waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByText('No account that can sign in has this passkey').waitFor()
})

pageTest('where the device cannot verify the person nobody is signed in', { expected: /401/ }, async (visit) => {
  const { page } = visit
  const { device } = await anaAtHome(visit)
  await addPasskey(page, 'Work laptop')
  await table(page)
    .getByRole('cell', { name: /Work laptop at/ })
    .waitFor()
  await page.getByRole('button', { name: 'Sign out' }).click()
  const { session, authenticatorId } = device
  await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false })
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
  await page.getByText('No passkey was used').waitFor()
})

pageTest(
  'without scripts, and at an address in numbers, there is the password alone',
  { expected: /401/ },
  async (visit) => {
    const { app, browser } = visit
    const home = app.url.replace('127.0.0.1', 'localhost')
    for (const [url, javaScript] of [
      [home, false],
      [app.url, true],
    ] as const) {
      const { page, close } = await openWindow(browser, { javaScript })
      await page.goto(`${url}/sign-in`)
      await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor()
      assert.equal(await page.getByRole('button', { name: 'Sign in with a passkey' }).isVisible(), false)
      await close()
    }
  },
)

pageTest('an Owner decides that a person signs in with passkeys only', { expected: /401/ }, async (visit) => {
  const { page, app, fleet, browser } = visit
  await person(fleet.repository, 'Ana')
  await person(fleet.repository, 'Bela', 'viewer')
  await page.getByRole('link', { name: 'People' }).click()
  await page.getByRole('link', { name: 'Change Bela' }).click()
  await page.getByLabel('Passkeys only').check()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('row').filter({ hasText: 'Bela' }).getByText('passkeys only').waitFor()
  const theirs = await openWindow(browser)
  await theirs.page.goto(`${app.url}/sign-in`)
  await theirs.page.getByLabel('Name').fill('Bela')
  await theirs.page.getByLabel('Password').fill(PASSWORD)
  await theirs.page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await theirs.page.getByText('An Owner has decided that you sign in with a passkey').waitFor()
  await page.getByRole('link', { name: 'Change Bela' }).click()
  await page.getByText('New link', { exact: true }).click()
  await page.getByRole('button', { name: 'New link for Bela' }).click()
  await theirs.page.goto((await page.locator('#secret').textContent()) ?? '')
  await theirs.page.getByText('You sign in with passkeys only').waitFor()
  assert.equal(await theirs.page.getByLabel('New password').count(), 0, 'no password is asked for that opens nothing')
  await theirs.close()
})
