/**
 * The page of the publishers, with scripts and without: listing one, mending what was refused, revoking a key, removing;
 * and what it changes on other pages.
 */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { PUBLISHERS, publisherAddress } from '../../controller/page/words.ts'
import { keyIdOf } from '../../protocol/trust/publishers.ts'
import { person, signIn } from '../support/people-fixtures.ts'
import { publisherFixture, publisherKey, signedBundle } from '../support/publisher-fixtures.ts'
import { rawRequest } from '../support/raw-request.ts'
import { pageTest } from './page-fixtures.ts'

const keys = [publisherKey('one'), publisherKey('two')] as const
const [first, second] = keys.map(({ publicKey }) => publicKey)

async function fill(page: Page, fields: Record<string, string>): Promise<void> {
  for (const [label, text] of Object.entries(fields)) await page.getByLabel(label).fill(text)
  await page.getByRole('button', { name: 'Save' }).click()
}

for (const javaScript of [true, false]) {
  pageTest(
    `an Owner lists a publisher, mends what was refused, revokes a key and removes it${javaScript ? '' : ', also without scripts'}`,
    { javaScript, expected: /400/ },
    async ({ page, fleet }) => {
      const { publishers } = fleet.serviceCenter.state
      await page.getByRole('link', { name: 'Publishers' }).click()
      await page.getByText('No publisher is checked.').waitFor()
      const typed = { Name: 'Acme & Söhne', 'Keys needed': '2', 'Good until': '2099-12-31' }
      await fill(page, { ...typed, 'Public keys': `${first}\n${first}`, 'Patches it may sign': 'kernel-*\nfirmware' })
      await page.getByText('The form: lists a key twice').waitFor()
      assert.equal(publishers.size, 0)
      if (javaScript) assert.equal(await page.getByLabel('Name').inputValue(), 'Acme & Söhne')
      else await page.getByRole('link', { name: 'Back' }).click()

      await fill(page, {
        ...typed,
        'Patches it may sign': 'kernel-*\nfirmware',
        'Public keys': `${first}\n${second}\n`,
      })
      const row = page.getByRole('row').filter({ hasText: 'Acme & Söhne' })
      assert.match((await row.textContent()) ?? '', /2 of 2kernel-\* and firmware.+good/)
      assert.equal(new URL(page.url()).pathname, PUBLISHERS)
      const [listed] = publishers.values()
      assert.deepEqual(listed?.patches, ['kernel-*', 'firmware'])
      assert.equal(listed?.expiresAt, '2099-12-31T23:59:59Z')

      await row.getByRole('link', { name: 'Change Acme & Söhne' }).click()
      await fill(page, { 'Public keys': `${first} revoked\n${second}` })
      assert.match((await row.textContent()) ?? '', /revoked.+too few keys/)
      assert.deepEqual(
        [...publishers.values()].flatMap((publisher) => publisher.keys.map(({ revoked }) => revoked)),
        [true, false],
      )

      await row.getByRole('link', { name: 'Change Acme & Söhne' }).click()
      await page.getByText('Remove Acme & Söhne').first().click()
      await page.getByLabel('Accept uploads that nobody has signed').check()
      await page.getByRole('button', { name: 'Remove Acme & Söhne' }).click()
      await page.getByText('No publisher is checked.').waitFor()
      assert.equal(publishers.size, 0)
    },
  )
}

pageTest('what cannot be a key says which line it is', { expected: /400/ }, async ({ page, app }) => {
  await page.goto(app.url + PUBLISHERS)
  const typed = { Name: 'Acme', 'Good until': '2099-12-31', 'Patches it may sign': '*' }
  await fill(page, { ...typed, 'Public keys': `${first}\n${keyIdOf(publisherKey('two').publicKey)}` })
  await page.getByText('Public key 2: is not an Ed25519 public key').waitFor()
  await fill(page, { 'Public keys': `${first} revokd` })
  await page.getByText('Public key 1: is not an Ed25519 public key').waitFor()
  await fill(page, { 'Public keys': `${first}`, 'Patches it may sign': 'kernel\n*kernel' })
  await page.getByText('Patches 2: is not a patch name').waitFor()
})

pageTest(
  'an unsigned upload is refused with what is needed, and a signed one names its publisher',
  { expected: /422/ },
  async (visit) => {
    const { page, fleet } = visit
    const { publisher, keys: acme } = publisherFixture('Acme')
    await fleet.serviceCenter.carryOut({ kind: 'set-publisher', actor: 'Ana', publisher })
    const folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-page-'))
    const [unsigned, signed] = [path.join(folder, 'unsigned.patch'), path.join(folder, 'signed.patch')]
    await writeFile(unsigned, signedBundle([]))
    await writeFile(signed, signedBundle(acme))
    await page.getByLabel('Patch file').setInputFiles(unsigned)
    await page.getByRole('button', { name: 'Upload', exact: true }).click()
    await page.getByText('is not signed; it must be signed by a publisher').waitFor()
    await page.getByLabel('Patch file').setInputFiles(signed)
    await page.getByRole('button', { name: 'Upload', exact: true }).click()
    await page.getByRole('link', { name: 'fixture', exact: true }).click()
    const facts = page.locator('#facts')
    await facts.getByText('Acme, with').waitFor()
    for (const { publicKey } of acme) await facts.getByText(keyIdOf(publicKey)).waitFor()
    await rm(folder, { recursive: true })
  },
)

pageTest('a patch from before says that no publisher was checked', {}, async ({ page, fleet, app }) => {
  await fleet.publish({ name: 'kernel', version: '6.1' })
  await page.goto(`${app.url}/appliances/software-updates/kernel%406.1`)
  await page.getByText('Not checked: no publisher was listed when it was uploaded.').waitFor()
})

pageTest('P1 A2 names of publishers are shown as text, and to Owners alone', {}, async ({ page, app, fleet }) => {
  const { publisher } = publisherFixture('<img src=x onerror=alert(1)>"')
  await fleet.serviceCenter.carryOut({ kind: 'set-publisher', actor: 'Ana', publisher })
  await page.goto(`${app.url}${publisherAddress(publisher.name)}`)
  assert.equal(await page.locator('img[src=x]').count(), 0)
  await page.getByRole('heading', { name: `Change ${publisher.name}` }).waitFor()
  await person(fleet.repository, 'Ana')
  await person(fleet.repository, 'Bela', 'operator')
  const { session } = await signIn(app.url, { name: 'Bela' })
  const answer = await rawRequest(app.url + PUBLISHERS, { headers: { Cookie: session ?? '', Accept: 'text/html' } })
  assert.equal(answer.status, 403)
  assert.doesNotMatch(answer.body, /Publishers|onerror/)
})

pageTest(
  'an open form does not undo what another Owner has changed meanwhile',
  { expected: /4(00|12)/ },
  async ({ page, app, fleet }) => {
    const { publisher } = publisherFixture('Acme')
    const revoked = { ...publisher, keys: publisher.keys.map((key, index) => ({ ...key, revoked: index === 0 })) }
    const { publishers } = fleet.serviceCenter.state
    await fleet.serviceCenter.carryOut({ kind: 'set-publisher', actor: 'Ana', publisher })
    await page.goto(`${app.url}${PUBLISHERS}/Acme`)
    await fleet.serviceCenter.carryOut({ kind: 'set-publisher', actor: 'Bela', publisher: revoked })
    await fill(page, { 'Patches it may sign': '*kernel' })
    await page.getByText('Patches 1: is not a patch name').waitFor()
    await fill(page, { 'Patches it may sign': 'kernel' })
    await page.getByText('Somebody else has changed this since you looked').waitFor()
    await page.reload()
    assert.match(await page.getByLabel('Public keys').inputValue(), /revoked/)
    assert.deepEqual(publishers.get(publisher.name), revoked)
    await fill(page, { 'Patches it may sign': 'kernel' })
    await page.waitForURL(app.url + PUBLISHERS)
    assert.deepEqual(publishers.get(publisher.name), { ...revoked, patches: ['kernel'] })

    const [key] = revoked.keys
    const typed = { Name: 'Acme', 'Good until': '2099-12-31', 'Public keys': key?.publicKey ?? '' }
    await fill(page, { ...typed, 'Patches it may sign': '*' })
    await page.getByText('Acme is listed already').waitFor()
    assert.deepEqual(publishers.get(publisher.name)?.patches, ['kernel'])
  },
)
