/**
 * Every page in each state that a person meets: for whoever looks at all of them, by eye or by program.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import type { AccessRole } from '../../controller/core/permissions.ts'
import {
  API_TOKENS,
  APPLIANCES,
  BASELINES,
  DATA_CENTERS,
  ENROLL,
  EXPOSURE,
  FIRST_OWNER,
  INSTALLS,
  limitsAddress,
  PEOPLE,
  POLICY,
  PUBLISHERS,
  personAddress,
  publisherAddress,
  RETENTION,
  SYSTEM_PATCHES,
  TRAIL,
  WINDOWS,
  windowAddress,
  YOUR_ACCOUNT,
} from '../../controller/page/words.ts'
import { emptyFleet, type Fleet } from '../support/fleet-fixtures.ts'
import type { ServedApp } from '../support/http-fixtures.ts'
import {
  approvedFleet,
  baselinedFleet,
  busyFleet,
  copiedFleet,
  exposedFleet,
  fleetWithoutAppliances,
  grownFleet,
  installedFleet,
  largeFleet,
  publishedFleet,
  retainedFleet,
  rewrittenFleet,
  staffedFleet,
  tradingFleet,
  unevenFleet,
  waitingFleet,
  windowedFleet,
} from './state-fleets.ts'
import { choosingFleet, longWaitFleet, wavingFleet } from './wave-fleets.ts'

export type PageState = {
  /** Names its screenshot. */
  name: string
  fleet(): Promise<Fleet>
  /** Where the person goes. */
  address: string
  /** Ana, the Owner, unless it says otherwise: somebody with that role, whoever came in with the first link, or nobody. */
  person?: AccessRole | 'first admin' | 'nobody'
  /** Nobody has an account yet. */
  isUnclaimed?: true
  /** What is done there changes the fleet, the person or the Service Center. */
  changes?: true
  /** What the person does there. */
  act?(page: Page, app: ServedApp): Promise<void>
}

const KERNEL = `${SYSTEM_PATCHES}/kernel%406.1`
const press = (name: string) => (page: Page) => page.getByRole('button', { name, exact: true }).click()

export const PAGE_STATES: readonly PageState[] = [
  { name: 'list-empty', fleet: emptyFleet, address: SYSTEM_PATCHES },
  { name: 'list-full', fleet: busyFleet, address: SYSTEM_PATCHES },
  { name: 'list-first-visit', fleet: emptyFleet, address: SYSTEM_PATCHES, person: 'first admin' },
  { name: 'list-of-a-viewer', fleet: busyFleet, address: SYSTEM_PATCHES, person: 'viewer' },
  { name: 'list-uploading', fleet: busyFleet, address: SYSTEM_PATCHES, act: uploadSlowly, changes: true },
  { name: 'list-connection-lost', fleet: busyFleet, address: SYSTEM_PATCHES, act: loseTheConnection, changes: true },
  { name: 'list-upload-refused', fleet: busyFleet, address: SYSTEM_PATCHES, act: press('Upload') },
  { name: 'patch-without-appliances', fleet: fleetWithoutAppliances, address: KERNEL },
  { name: 'patch-waiting', fleet: waitingFleet, address: KERNEL },
  { name: 'patch-under-way', fleet: busyFleet, address: KERNEL },
  { name: 'patch-one-data-center', fleet: busyFleet, address: `${KERNEL}?dataCenter=paris` },
  { name: 'patch-organizations-open', fleet: busyFleet, address: KERNEL, act: openAll },
  { name: 'patch-of-a-viewer', fleet: busyFleet, address: KERNEL, person: 'viewer' },
  { name: 'patch-warning', fleet: waitingFleet, address: KERNEL, act: chooseAndInstall },
  { name: 'patch-uneven', fleet: unevenFleet, address: KERNEL, act: openAll },
  { name: 'patch-uneven-warning', fleet: unevenFleet, address: KERNEL, act: chooseAndInstall },
  { name: 'patch-cancel', fleet: busyFleet, address: KERNEL, act: askToCancel },
  { name: 'patch-joined-later', fleet: grownFleet, address: KERNEL },
  { name: 'patch-withdraw', fleet: busyFleet, address: KERNEL, act: press('Withdraw') },
  { name: 'patch-waves', fleet: wavingFleet, address: KERNEL, act: openWavesTable },
  { name: 'patch-installed', fleet: installedFleet, address: KERNEL, act: openAll },
  { name: 'patch-waves-long-wait', fleet: longWaitFleet, address: KERNEL },
  { name: 'patch-plan', fleet: choosingFleet, address: KERNEL, act: chooseAndInstall },
  { name: 'patch-plan-chosen', fleet: choosingFleet, address: KERNEL, act: choosePlan },
  {
    name: 'confirmation-chosen',
    fleet: choosingFleet,
    address: `${KERNEL}/install?organization=acme&organization=globex&add=base%402&waveSoakMinutes=2880`,
  },
  {
    name: 'confirmation-refused',
    fleet: choosingFleet,
    address: `${SYSTEM_PATCHES}/agent%409/install?organization=acme`,
  },
  { name: 'confirmation', fleet: waitingFleet, address: `${KERNEL}/install?organization=acme` },
  { name: 'installs-empty', fleet: emptyFleet, address: INSTALLS },
  { name: 'installs', fleet: installedFleet, address: INSTALLS },
  { name: 'evidence', fleet: installedFleet, address: KERNEL, act: showEvidence },
  { name: 'data-centers-empty', fleet: emptyFleet, address: DATA_CENTERS },
  { name: 'data-centers-full', fleet: busyFleet, address: DATA_CENTERS },
  { name: 'data-centers-trading', fleet: tradingFleet, address: DATA_CENTERS },
  { name: 'data-centers-large', fleet: largeFleet, address: DATA_CENTERS },
  { name: 'limits', fleet: busyFleet, address: limitsAddress('tokyo') },
  { name: 'limits-refused', fleet: busyFleet, address: limitsAddress('tokyo'), act: misspellQuietHours },
  { name: 'list-opened', fleet: busyFleet, address: SYSTEM_PATCHES, act: openCopies },
  { name: 'list-narrowed', fleet: busyFleet, address: `${SYSTEM_PATCHES}?show=attention&superseded=show` },
  { name: 'appliances-empty', fleet: emptyFleet, address: APPLIANCES },
  { name: 'appliances-full', fleet: busyFleet, address: APPLIANCES },
  { name: 'appliance', fleet: busyFleet, address: `${APPLIANCES}/acme-paris-primary` },
  { name: 'appliance-depot', fleet: busyFleet, address: `${APPLIANCES}/${encodeURIComponent('paris/primary')}` },
  { name: 'appliance-retire', fleet: busyFleet, address: `${APPLIANCES}/acme-paris-primary`, act: openAll },
  { name: 'appliance-held', fleet: copiedFleet, address: `${APPLIANCES}/${encodeURIComponent('paris/secondary')}` },
  { name: 'appliances-held', fleet: copiedFleet, address: APPLIANCES },
  { name: 'enroll', fleet: emptyFleet, address: ENROLL },
  { name: 'enroll-token-shown', fleet: emptyFleet, address: ENROLL, act: makeToken, changes: true },
  { name: 'people', fleet: emptyFleet, address: PEOPLE },
  { name: 'people-staffed', fleet: staffedFleet, address: PEOPLE },
  { name: 'people-add', fleet: staffedFleet, address: PEOPLE, act: press('Add a person') },
  { name: 'people-link-shown', fleet: staffedFleet, address: PEOPLE, act: addPerson, changes: true },
  { name: 'person', fleet: staffedFleet, address: personAddress('Ana') },
  { name: 'person-questions', fleet: staffedFleet, address: personAddress('Ana'), act: openAll },
  { name: 'api-tokens', fleet: emptyFleet, address: API_TOKENS },
  { name: 'api-token-make', fleet: staffedFleet, address: API_TOKENS, act: press('Make an API token') },
  { name: 'baselines-empty', fleet: emptyFleet, address: BASELINES },
  { name: 'baselines', fleet: baselinedFleet, address: BASELINES },
  { name: 'exposure-empty', fleet: emptyFleet, address: EXPOSURE },
  { name: 'exposure', fleet: exposedFleet, address: EXPOSURE, act: openAll },
  { name: 'exposure-of-a-viewer', fleet: exposedFleet, address: EXPOSURE, person: 'viewer' },
  { name: 'retention-empty', fleet: emptyFleet, address: RETENTION },
  { name: 'retention', fleet: retainedFleet, address: RETENTION, act: openAll },
  { name: 'retention-tried', fleet: retainedFleet, address: `${RETENTION}?keepNewest=1` },
  { name: 'retention-of-a-viewer', fleet: retainedFleet, address: RETENTION, person: 'viewer' },
  { name: 'patch-exposed', fleet: exposedFleet, address: KERNEL, act: openAll },
  { name: 'windows-empty', fleet: emptyFleet, address: WINDOWS },
  { name: 'windows', fleet: windowedFleet, address: WINDOWS },
  { name: 'windows-of-a-viewer', fleet: windowedFleet, address: WINDOWS, person: 'viewer' },
  { name: 'window', fleet: windowedFleet, address: windowAddress('sundays'), act: openAll },
  { name: 'windows-warning', fleet: windowedFleet, address: `${KERNEL}/install?organization=acme` },
  { name: 'policy-embedded', fleet: emptyFleet, address: POLICY },
  { name: 'policy', fleet: approvedFleet, address: POLICY },
  { name: 'install-waits-for-approval', fleet: approvedFleet, address: KERNEL, act: openAll },
  { name: 'publishers-empty', fleet: emptyFleet, address: PUBLISHERS },
  { name: 'publishers', fleet: publishedFleet, address: PUBLISHERS },
  { name: 'publisher', fleet: publishedFleet, address: publisherAddress('Initech'), act: openAll },
  { name: 'publishers-refused', fleet: publishedFleet, address: PUBLISHERS, act: listWrongKey },
  { name: 'patch-signed', fleet: publishedFleet, address: KERNEL },
  { name: 'trail', fleet: busyFleet, address: TRAIL },
  { name: 'trail-checked', fleet: busyFleet, address: TRAIL, act: findNotedHead, changes: true },
  { name: 'trail-broken', fleet: rewrittenFleet, address: TRAIL, act: press('Check now') },
  { name: 'your-account', fleet: emptyFleet, address: YOUR_ACCOUNT },
  { name: 'your-account-passkeys', fleet: staffedFleet, address: YOUR_ACCOUNT },
  { name: 'your-account-add-passkey', fleet: staffedFleet, address: YOUR_ACCOUNT, act: press('Add a passkey') },
  { name: 'first-owner', fleet: emptyFleet, address: FIRST_OWNER, person: 'first admin' },
  { name: 'not-found', fleet: emptyFleet, address: `${SYSTEM_PATCHES}/nothing` },
  { name: 'signed-out', fleet: staffedFleet, address: SYSTEM_PATCHES, person: 'nobody' },
  { name: 'signed-out-first', fleet: emptyFleet, address: SYSTEM_PATCHES, person: 'nobody', isUnclaimed: true },
]

async function openAll(page: Page): Promise<void> {
  await page.evaluate(() => {
    for (const details of document.querySelectorAll('details')) details.open = true
  })
}

async function openWavesTable(page: Page): Promise<void> {
  await page.getByText('The waves as a table').click()
}

async function findNotedHead(page: Page): Promise<void> {
  await page.getByLabel('Head noted earlier').fill((await page.locator('#chain-head').textContent()) ?? '')
  await press('Check now')(page)
  await page.getByText('The noted head is that of entry').waitFor()
}

async function openCopies(page: Page): Promise<void> {
  await page.locator('[data-patch="kernel@6.1"] [aria-expanded]').first().click()
  await page.getByText('paris/secondary').waitFor()
}

async function makeToken(page: Page): Promise<void> {
  const form = page.locator('#one')
  await form.getByLabel('Name').fill('rome-1')
  await form.getByLabel('Data Center').fill('rome')
  await form.getByLabel('Organization').fill('Org 1000')
  await form.getByLabel('Kind').fill('service-provider')
  await press('Make a token')(page)
  await page.getByText('This is shown once.').waitFor()
}

async function chooseAndInstall(page: Page): Promise<void> {
  await page.getByLabel('acme', { exact: true }).check()
  await press('Install')(page)
  await page.getByRole('dialog').waitFor()
}

async function choosePlan(page: Page): Promise<void> {
  await chooseAndInstall(page)
  await page.getByText('Other patches first, and time between waves').click()
  await page.getByLabel('Goes first').selectOption({ label: 'base 2' })
  await page.getByLabel('Minutes that each wave stands').fill('2880')
  await press('Show the plan with these')(page)
  await page.getByText('base@2 goes before kernel@6.1').waitFor()
}

async function askToCancel(page: Page): Promise<void> {
  await page.getByText('Cancel install', { exact: true }).click()
  await page.getByRole('button', { name: 'Cancel it' }).waitFor()
}

async function misspellQuietHours(page: Page): Promise<void> {
  await page.getByLabel('Quiet hours, in UTC').fill('at night')
  await press('Save')(page)
  await page.getByText('is not written like').waitFor()
}

async function addPerson(page: Page): Promise<void> {
  await press('Add a person')(page)
  await page.getByLabel('Name').fill('Farida')
  await page.getByLabel('Role').selectOption('operator')
  await page.getByLabel('For', { exact: true }).selectOption('chosen')
  await page.getByLabel('acme').check()
  await press('Add')(page)
  await page.locator('#secret').waitFor()
}

async function listWrongKey(page: Page): Promise<void> {
  await page.getByLabel('Name').fill('Vandelay')
  await page.getByLabel('Good until').fill('2100-01-01')
  await page.getByLabel('Public keys').fill('a key that was cut')
  await page.getByLabel('Patches it may sign').fill('*')
  await press('Save')(page)
  await page.getByRole('alert').waitFor()
}

/** An upload that takes minutes. */
async function uploadSlowly(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('Network.enable')
  const slow = { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: 200_000 }
  await session.send('Network.emulateNetworkConditions', slow)
  const folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-page-'))
  const file = path.join(folder, 'openssl-3.0.patch')
  await writeExampleBundle({ name: 'openssl', version: '3.0', bytes: 24 * 1024 * 1024, out: file })
  await page.getByLabel('Patch file').setInputFiles(file)
  await press('Upload')(page)
  await page.getByText(/ left$/).waitFor()
  await rm(folder, { recursive: true })
}

async function loseTheConnection(page: Page, app: ServedApp): Promise<void> {
  await app.close()
  await page.locator('#connection').getByText('Not connected').waitFor()
}

async function showEvidence(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Show evidence' }).click()
  await page.getByRole('heading', { name: /^Evidence for acme/ }).waitFor()
}
