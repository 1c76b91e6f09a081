/**
 * One patch in a real browser: its copies, the organizations that need it, the warning before an install, the install
 * itself, and withdrawing.
 */
import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { apply } from '../../controller/core/state.ts'
import { openWindow } from '../support/browser.ts'
import { emptyFleet, everyoneNeeds, peerOf } from '../support/fleet-fixtures.ts'
import { pageTest, type Visit } from './page-fixtures.ts'

const ALL = ['paris/primary', 'paris/secondary', 'tokyo/primary', 'tokyo/secondary']
const REFUSED = /Failed to load resource.* 4\d\d/

async function openPatch({ page, fleet }: Visit, replicated: string[]) {
  const patch = await fleet.publish({ name: 'openssl', version: '3.0', restart: 'service' })
  for (const name of replicated) await fleet.sendReceipt(name, patch)
  await everyoneNeeds(fleet, patch)
  await page.getByRole('link', { name: 'openssl' }).click()
  await page.getByRole('heading', { level: 1, name: 'openssl 3.0' }).waitFor()
  return patch
}

function installs({ fleet }: Visit) {
  return [...fleet.serviceCenter.state.installs.values()]
}

pageTest('shows each copy on its way, live', {}, async (visit) => {
  const { page, fleet } = visit
  const patch = await openPatch(visit, ['paris/primary'])
  const copy = page.locator('[data-appliance="tokyo/primary"]')
  await copy.getByText('waiting').waitFor()
  await copy.getByText('The appliance has not answered yet.', { exact: true }).waitFor()
  await fleet.tellProgress('tokyo/primary', {
    patch,
    state: 'transferring',
    bytes: 150 * 1024 * 1024,
    wanBytes: 0,
    reason: '',
    bytesPerSecond: 2 * 1024 * 1024,
    sources: [fleet.serviceCenter.state.mesh, peerOf(fleet, 'paris/primary')],
  })
  await copy.getByText('150.0 MiB of 300.0 MiB').waitFor()
  await copy.getByText('2.0 MiB/s', { exact: true }).waitFor()
  await copy.getByText('75 s left', { exact: true }).waitFor()
  await copy.getByText('From Service Center and paris/primary', { exact: true }).waitFor()
  await fleet.sendReceipt('tokyo/primary', patch)
  await copy.getByText('replicated').waitFor()
  await page.getByText('2/4').waitFor()
})

pageTest(
  'counts the patched appliances of an organization, and keeps what the person ticked and opened',
  {},
  async (visit) => {
    const { page, fleet } = visit
    const patch = await openPatch(visit, ALL)
    const row = page.locator('[data-organization="acme"]')
    await row.getByText('0 of 4 patched').waitFor()
    await row.getByRole('checkbox').check()
    await row.locator('summary').click()
    for (const place of ['paris-primary', 'paris-secondary', 'tokyo-primary'])
      await fleet.detect(`acme-${place}`, patch, 'installed', '3.0')
    await row.getByText('3 of 4 patched').waitFor()
    assert.equal(await row.getByRole('checkbox').isChecked(), true)
    assert.equal(await row.locator('details').getAttribute('open'), '')
    await row.getByText('acme-tokyo-secondary').waitFor()
    await fleet.detect('acme-tokyo-secondary', patch, 'installed', '3.0')
    await row.waitFor({ state: 'detached' })
    await page.getByText('Patched: acme.').waitFor()
  },
)

pageTest('the Data Center drop-down is at All and narrows the list', {}, async (visit) => {
  const { page } = visit
  await openPatch(visit, ALL)
  assert.equal(await page.getByLabel('Data Center').inputValue(), 'All')
  await page.getByLabel('Data Center').selectOption('tokyo')
  await page.locator('[data-organization="acme"]').getByText('0 of 2 patched').waitFor()
})

pageTest('Install is off, and says why, until an organization is chosen', {}, async (visit) => {
  const { page } = visit
  await openPatch(visit, ALL)
  const button = page.getByRole('button', { name: 'Install', exact: true })
  assert.equal(await button.isDisabled(), true)
  await page.getByText('Choose at least one organization.').waitFor()
  await page.getByLabel('globex', { exact: true }).check()
  assert.equal(await button.isEnabled(), true)
})

pageTest('the warning says what is left of a copy and how long it will take', {}, async (visit) => {
  const { page, fleet } = visit
  const patch = await openPatch(visit, ALL.slice(0, 3))
  await fleet.tellProgress('tokyo/secondary', {
    ...{ patch, state: 'transferring', bytes: 100 * 1024 * 1024, wanBytes: 0, reason: '', bytesPerSecond: 1024 * 1024 },
    sources: [peerOf(fleet, 'tokyo/primary')],
  })
  await page.getByLabel('acme', { exact: true }).check()
  await page.getByRole('button', { name: 'Install', exact: true }).click()
  await page.getByRole('dialog').getByText('200.0 MiB left, 3 min 20 s left.').waitFor()
})

pageTest('P7 warns before n = m, names the appliances, and installs where ready', {}, async (visit) => {
  const { page } = visit
  await openPatch(visit, ALL.slice(0, 2))
  await page.getByLabel('acme', { exact: true }).check()
  await page.getByRole('button', { name: 'Install', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('heading', { name: 'Replication is not complete' }).waitFor()
  const named = await dialog.locator('#not-replicated strong').allTextContents()
  assert.deepEqual(named, ['tokyo/primary', 'tokyo/secondary'])
  await dialog.getByText('300.0 MiB left, time left unknown. The appliance has not answered yet.').first().waitFor()
  await dialog.getByText('Ready: 2 appliances').waitFor()
  await dialog.getByText('acme-paris-primary and acme-paris-secondary').waitFor()
  assert.deepEqual(await dialog.locator('#queued .pm-name').allTextContents(), [
    'acme-tokyo-primary',
    'acme-tokyo-secondary',
  ])
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  assert.equal(installs(visit).length, 0)
  await page.getByRole('button', { name: 'Install', exact: true }).click()
  await dialog.getByRole('button', { name: 'Install where ready' }).click()
  await page
    .locator('[data-target="acme-tokyo-primary"]')
    .getByText('no Service Provider appliance of tokyo holds the patch yet')
    .waitFor()
  assert.deepEqual(
    installs(visit).map(({ organizations, dataCenter }) => ({ organizations, dataCenter })),
    [{ organizations: ['acme'], dataCenter: 'All' }],
  )
})

pageTest(
  'F2: the dialog asks anew where an appliance has come since it opened, and then installs on all',
  { expected: REFUSED },
  async (visit) => {
    const { page, fleet } = visit
    await openPatch(visit, ALL)
    await page.getByLabel('Data Center').selectOption('paris')
    await page.getByLabel('acme', { exact: true }).check()
    await page.getByRole('button', { name: 'Install', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('2 appliances in Data Center paris').waitFor()
    const slot = { organization: 'acme', dataCenter: 'paris', kind: 'tenant', role: 'secondary' } as const
    await fleet.enroll({ ...slot, name: 'acme-paris-new', group: 'other' })
    await dialog.getByRole('button', { name: 'Install', exact: true }).click()
    await dialog.getByText('Nothing was installed: something has changed since you looked.').waitFor()
    await dialog.getByText('3 appliances in Data Center paris').waitFor()
    assert.deepEqual(installs(visit), [])
    await dialog.getByRole('button', { name: 'Install', exact: true }).click()
    await page.locator('[data-target="acme-paris-new"]').waitFor()
    assert.equal(await dialog.isVisible(), false)
  },
)

pageTest('installs without JavaScript', { javaScript: false }, async (visit) => {
  const { page, fleet, app } = visit
  const patch = await fleet.publish({ name: 'openssl', version: '3.0' })
  await everyoneNeeds(fleet, patch)
  for (const name of ALL) await fleet.sendReceipt(name, patch)
  await page.goto(`${app.url}/appliances/software-updates/openssl%403.0`)
  await page.getByLabel('acme', { exact: true }).check()
  await page.getByRole('button', { name: 'Install', exact: true }).click()
  await page.getByRole('heading', { name: 'Install openssl 3.0?' }).waitFor()
  await page.getByRole('button', { name: 'Install', exact: true }).click()
  await page.locator('[data-target="acme-paris-primary"]').waitFor()
  assert.equal(installs(visit).length, 1)
  await page.getByText('started').first().waitFor()
})

pageTest('P4 a double click on Install gives one order', { expected: REFUSED }, async (visit) => {
  const { page } = visit
  await openPatch(visit, ALL)
  await page.getByLabel('acme', { exact: true }).check()
  await page.getByRole('button', { name: 'Install', exact: true }).dblclick()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('heading', { name: 'Install openssl 3.0?' }).waitFor()
  await dialog.getByText('openssl 3.0, for acme: 4 appliances in all Data Centers.').waitFor()
  const orders: string[] = []
  page.on('request', (request) => {
    if (request.method() === 'POST') orders.push(request.url())
  })
  await dialog.getByRole('button', { name: 'Install', exact: true }).dblclick()
  await page.locator('[data-target="acme-paris-primary"]').waitFor()
  assert.equal(installs(visit).length, 1)
  assert.equal(orders.length, 1)
})

/** Cancelling asks first, and says what will be left. */
async function cancelInstall(page: Page, question: string): Promise<void> {
  await page.getByText('Cancel install', { exact: true }).click()
  await page.getByText(question, { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Cancel it' }).click()
}

pageTest(
  'F13: nothing is cancelled before the question is answered, which counts what has it already',
  {},
  async (visit) => {
    const { page, fleet } = visit
    await openPatch(visit, ALL)
    await page.getByLabel('acme', { exact: true }).check()
    await page.getByRole('button', { name: 'Install', exact: true }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Install', exact: true }).click()
    await page.locator('[data-target="acme-paris-secondary"]').waitFor()
    const [install] = installs(visit)
    assert.ok(install)
    for (const role of ['secondary', 'primary']) await fleet.report(`acme-paris-${role}`, install.id, 'installed')
    await page.getByText('2 of 4 installed').waitFor()
    await page.getByText('Cancel install', { exact: true }).click()
    await page.getByText('Cancel the install for acme? 2 appliances have it already and keep it.').waitFor()
    assert.equal(installs(visit)[0]?.state, 'running')
    await page.getByRole('button', { name: 'Cancel it' }).click()
    await page.locator('[data-install]').getByText('cancelled by admin').waitFor()
    assert.equal(installs(visit)[0]?.state, 'cancelled')
  },
)

pageTest('follows an install: states, reasons, what a failed installer printed, and cancelling', {}, async (visit) => {
  const { page, fleet } = visit
  await openPatch(visit, ALL)
  await page.getByLabel('acme', { exact: true }).check()
  await page.getByLabel('globex', { exact: true }).check()
  await page.getByRole('button', { name: 'Install', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Install', exact: true }).click()
  const target = page.locator('[data-target="acme-paris-secondary"]')
  await target.getByText('ordered through its depot, waits for the appliance to answer').waitFor()
  const [install] = installs(visit)
  assert.ok(install)
  await page
    .locator('[data-install]')
    .getByText(/started .* by admin$/)
    .waitFor()
  await fleet.report('acme-paris-secondary', install.id, 'installing')
  await target.getByText('installing').waitFor()
  await cancelInstall(
    page,
    'Cancel the install for acme and globex? No appliance has it already. 2 appliances were ordered to install it and finish. ' +
      'No pair begins any more, and one that has begun is finished on both of its members.',
  )
  await page.locator('[data-install]').getByText('cancelled by admin').waitFor()
  await fleet.report('acme-paris-secondary', install.id, 'failed', {
    reason: 'the installer ended with status 3',
    output: 'disk <full>\n',
  })
  await target.getByText('the installer ended with status 3').waitFor()
  assert.equal(await target.locator('pre').textContent(), 'disk <full>\n')
})

pageTest(
  'P5 a patch that was withdrawn meanwhile: the page says so, and nothing is sent; a lost connection is told there too',
  { expected: new RegExp(`${REFUSED.source}|ERR_|Failed to load`) },
  async (visit) => {
    const { page, fleet, app } = visit
    const patch = await openPatch(visit, ALL)
    await fleet.serviceCenter.carryOut({ kind: 'withdraw', actor: 'somebody', patch, reason: '' })
    await page.getByText('The patch openssl@3.0 was withdrawn.').waitFor()
    assert.equal(await page.getByRole('button', { name: 'Install', exact: true }).count(), 0)
    await app.close()
    await page.getByText('Not connected; trying again.').waitFor()
  },
)

pageTest(
  "P5 another admin's install meanwhile: the page says so, and nothing is sent twice",
  { expected: REFUSED },
  async (visit) => {
    const { page, fleet } = visit
    const patch = await openPatch(visit, ALL)
    await page.getByLabel('acme', { exact: true }).check()
    await page.getByRole('button', { name: 'Install', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('heading', { name: 'Install openssl 3.0?' }).waitFor()
    const theirs = { patch, organizations: ['acme'], dataCenter: 'All', allowOutage: false, actor: 'somebody' }
    await fleet.serviceCenter.carryOut({ kind: 'start-install', ...theirs } as never)
    await dialog.getByRole('button', { name: 'Install', exact: true }).click()
    await dialog
      .getByText(
        /^Install [0-9a-f]{32} of openssl@3\.0 is running on acme-paris-primary and 3 more of these appliances/,
      )
      .waitFor()
    assert.equal(installs(visit).length, 1)
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await page.locator('[data-target="acme-paris-primary"]').waitFor()
  },
)

pageTest('tells what the patch is and changes, its digest to copy, and whose key signed it', {}, async (visit) => {
  const { page, fleet } = visit
  const patch = await openPatch(visit, ALL)
  const fact = (term: string) => page.locator('#facts dl > div').filter({ hasText: term })
  await fact('Type').getByText('patch bundle, update, 300.0 MiB').waitFor()
  await fact('Installing it').getByText('restarts a service, about 5 s an appliance').waitFor()
  await fact('If it fails').getByText('goes back with a program of its own').waitFor()
  await fact('Publisher').getByText('Example Ltd').waitFor()
  await fact('Uploaded').getByText('by test').waitFor()
  await fact('Signed by').getByText(fleet.serviceCenter.state.signing.peer, { exact: true }).waitFor()
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.getByRole('button', { name: 'Copy the SHA-256' }).click()
  await page.getByText('Copied').waitFor()
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()), patch)
})

pageTest('the matrix of organization by Data Center closes, live', {}, async (visit) => {
  const { page, fleet } = visit
  const patch = await openPatch(visit, ALL)
  const cells = async (row: string) => {
    const texts = await page.locator(`[data-row="${row}"] td`).allTextContents()
    return texts.map((text) =>
      text
        .replace(/[✓✕?–]/g, '')
        .replace(/\s+/g, ' ')
        .trim(),
    )
  }
  const table = page.getByRole('table', { name: 'Where it is installed' })
  assert.deepEqual(await table.locator('thead th').allTextContents(), ['Organization', 'All', 'paris', 'tokyo'])
  assert.deepEqual(await cells('acme'), ['4 unpatched', '2 unpatched', '2 unpatched'])
  assert.deepEqual(await cells('Org 1000'), ['4 unknown', '2 unknown', '2 unknown'])
  await fleet.detect('acme-paris-primary', patch, 'installed', '3.0')
  for (const role of ['primary', 'secondary']) await fleet.detect(`globex-tokyo-${role}`, patch, 'notApplicable', '0')
  await page.locator('[data-row="acme"]').getByText('1 patched').first().waitFor()
  await page.locator('[data-row="globex"]').getByText('2 not applicable').first().waitFor()
  assert.deepEqual(await cells('All'), [
    '1 patched 5 unpatched 4 unknown 2 not applicable',
    '1 patched 3 unpatched 2 unknown',
    '2 unpatched 2 unknown 2 not applicable',
  ])
  await page.locator('.pm-legend').getByText('of 12 appliances').waitFor()
  await page.setViewportSize({ width: 1280, height: 2600 })
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.setViewportSize({ width: 320, height: 4200 })
})

pageTest('the matrix can be read with 200 organizations in 200 Data Centers', { fleet: largeFleet }, async (visit) => {
  const { page, fleet } = visit
  await fleet.publish({ name: 'openssl', version: '3.0' })
  await page.getByRole('link', { name: 'openssl' }).click()
  // The page is drawn while it arrives; what is on it can be counted when it is whole.
  await page.waitForURL(/openssl/)
  assert.equal(await page.locator('.pm-branch').count(), 10)
  await page.getByText('190 more Data Centers, 0 of them complete.').waitFor()
  const table = page.getByRole('table', { name: 'Where it is installed' })
  assert.equal(await table.locator('tbody tr').count(), 25)
  assert.equal(await table.locator('thead th').count(), 22)
  await page.getByRole('navigation', { name: 'Pages of organizations' }).getByRole('link', { name: 'Next' }).click()
  await page.getByRole('navigation', { name: 'Pages of organizations' }).getByText('2 of 8').waitFor()
  await page.getByRole('navigation', { name: 'Pages of Data Centers' }).getByRole('link', { name: 'Next' }).click()
  await page.getByRole('navigation', { name: 'Pages of Data Centers' }).getByText('2 of 10').waitFor()
  assert.equal(new URL(page.url()).search, '?rows=2&columns=2')
  await table.getByRole('columnheader', { name: 'place-020' }).waitFor()
  await table.getByRole('rowheader', { name: 'organization-025' }).waitFor()
  await page.locator('.pm-matrix').evaluate((box) => box.scrollTo(9999, 9999))
  const [box, head] = await Promise.all([
    page.locator('.pm-matrix').boundingBox(),
    table.getByRole('columnheader', { name: 'Organization' }).boundingBox(),
  ])
  assert.ok(box && head && Math.abs(head.x - box.x) <= 2 && Math.abs(head.y - box.y) <= 2, 'the heads stay in sight')
})

/** Each organization has one appliance, in a Data Center of its own. */
async function largeFleet() {
  const fleet = await emptyFleet()
  const { state } = fleet.serviceCenter
  for (let number = 0; number < 200; number++) {
    const digits = String(number).padStart(3, '0')
    const slot = { organization: `organization-${digits}`, dataCenter: `place-${digits}`, kind: 'service-provider' }
    const at = { epoch: 1, enrolledAt: 0, lastSeenAt: 0, orderSequence: 0, addresses: [], group: 'pair' }
    const row = { ...slot, ...at, peer: `peer-${digits}`, name: `appliance-${digits}`, role: 'primary' }
    apply(state, { table: 'appliances', row: { ...row, retiredAt: null } as never })
  }
  return fleet
}

pageTest(
  'what is chosen and opened is in the address, and a colleague who gets it sees the same',
  {},
  async (visit) => {
    const { page, browser, app } = visit
    await openPatch(visit, ALL)
    await page.getByLabel('Data Center').selectOption('tokyo')
    await page.locator('[data-organization="acme"]').getByText('0 of 2 patched').waitFor()
    await page.getByLabel('Choose all').check()
    await page.getByText('3 of 3 organizations chosen.').waitFor()
    await page.getByLabel('globex', { exact: true }).uncheck()
    await page.locator('[data-organization="acme"] summary').click()
    await page.locator('[data-organization="acme"]').getByText('acme-tokyo-primary').waitFor()
    const address = page.url()
    assert.equal(new URL(address).search, '?dataCenter=tokyo&organization=Org+1000&organization=acme&open=acme')
    const colleague = await openWindow(browser)
    try {
      await colleague.page.goto(await app.signInLink())
      await colleague.page.waitForURL('**/appliances/software-updates')
      await colleague.page.goto(address)
      await colleague.page.locator('[data-organization="acme"]').getByText('acme-tokyo-primary').waitFor()
      assert.equal(await colleague.page.getByLabel('acme', { exact: true }).isChecked(), true)
      assert.equal(await colleague.page.getByLabel('globex', { exact: true }).isChecked(), false)
      assert.equal(await colleague.page.getByLabel('Data Center').inputValue(), 'tokyo')
      assert.equal(await colleague.page.getByRole('button', { name: 'Install', exact: true }).isEnabled(), true)
    } finally {
      await colleague.close()
    }
  },
)

pageTest('a patch that a newer one supersedes says so, and can still be installed', {}, async (visit) => {
  const { page, fleet } = visit
  await openPatch(visit, ALL)
  await fleet.publish({ name: 'openssl', version: '3.1' })
  await page.getByText('Superseded by openssl 3.1').waitFor()
  await page.getByLabel('acme', { exact: true }).check()
  assert.equal(await page.getByRole('button', { name: 'Install', exact: true }).isEnabled(), true)
  await page.getByRole('link', { name: 'Show the newer patch' }).click()
  await page.getByRole('heading', { level: 1, name: 'openssl 3.1' }).waitFor()
})

pageTest('withdraws a patch after asking, and leads back to the list', { expected: REFUSED }, async (visit) => {
  const { page } = visit
  await openPatch(visit, ALL)
  await page.getByRole('button', { name: 'Withdraw' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('4 Service Provider appliances delete their copies').waitFor()
  await dialog.getByLabel('Reason').fill('wrong build')
  await dialog.getByRole('button', { name: 'Withdraw' }).click()
  await page.getByText('No patch yet').waitFor()
})

pageTest('says why a patch that is being installed cannot be withdrawn', { expected: REFUSED }, async (visit) => {
  const { page } = visit
  const patch = await openPatch(visit, ALL)
  const started = {
    kind: 'start-install',
    actor: 'somebody',
    patch,
    organizations: ['acme'],
    dataCenter: 'All',
    allowOutage: false,
  }
  await visit.fleet.serviceCenter.carryOut(started as Parameters<typeof visit.fleet.serviceCenter.carryOut>[0])
  await page.getByRole('button', { name: 'Withdraw' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click()
  await page
    .getByRole('alert')
    .getByText('Cancel the install that uses the patch and wait until it has ended, or keep the patch.')
    .waitFor()
})

pageTest('P8 a session that ended is told, and what was chosen stays', { expected: /40[13]|Failed/ }, async (visit) => {
  const { page, fleet, window } = visit
  await openPatch(visit, ALL)
  await page.getByLabel('acme', { exact: true }).check()
  const [cookie] = await page.context().cookies()
  await page.context().clearCookies()
  await fleet.publish({ name: 'other', version: '1' })
  await page.getByText(/^You are signed out\./).waitFor()
  assert.equal(await page.getByLabel('acme', { exact: true }).isChecked(), true)
  assert.ok(cookie?.httpOnly && cookie.sameSite === 'Strict' && window.faults.length > 0)
})

pageTest(
  'F3: a Data Center hides what has nothing to patch there, and does not forget that it was chosen',
  {},
  async (visit) => {
    const { page, fleet } = visit
    const place = { dataCenter: 'tokyo', kind: 'tenant', group: 'tenant' } as const
    await fleet.enroll({ ...place, name: 'initech-tokyo-primary', organization: 'initech', role: 'primary' })
    await openPatch(visit, ALL)
    const box = (name: string) => page.locator(`[data-organization="${name}"]`).getByRole('checkbox')
    await box('acme').check()
    await box('initech').check()
    await page.getByLabel('Data Center').selectOption('paris')
    await box('initech').waitFor({ state: 'detached' })
    await page.getByText('Kept, with nothing to patch here: initech.').waitFor()
    await box('acme').uncheck()
    await page.getByLabel('Data Center').selectOption('All')
    await box('initech').waitFor()
    assert.equal(await box('initech').isChecked(), true)
    assert.equal(await box('acme').isChecked(), false)
  },
)

pageTest(
  'F15: every install is on one page, leads to its patch, and names of appliances lead to theirs',
  {},
  async (visit) => {
    const { page, fleet } = visit
    const patch = await openPatch(visit, ALL)
    const order = { actor: 'Ana', patch, organizations: ['acme'], dataCenter: 'All', allowOutage: false }
    await fleet.serviceCenter.carryOut({ kind: 'start-install', ...order } as never)
    await page.getByRole('navigation', { name: 'Global' }).getByRole('link', { name: 'Installs' }).click()
    const row = page.getByRole('row').filter({ hasText: 'openssl 3.0' })
    await row.getByText('acme in all Data Centers').waitFor()
    await row.getByText('0 of 4').waitFor()
    await row.getByRole('link', { name: 'openssl 3.0' }).click()
    await page.locator('#installs').getByRole('link', { name: 'acme-paris-primary' }).click()
    await page.getByRole('heading', { level: 1, name: 'acme-paris-primary' }).waitFor()
  },
)

pageTest('F7: what would go back to an earlier version is named before anybody agrees to it', {}, async (visit) => {
  const { page, fleet } = visit
  const patch = await openPatch(visit, ALL)
  await fleet.detect('acme-paris-primary', patch, 'applicable', '4.0')
  await page.getByLabel('acme', { exact: true }).check()
  await page.getByRole('button', { name: 'Install', exact: true }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('Back to an earlier version: 1 appliance').waitFor()
  await dialog.locator('#going-back').getByText('Has 4.0, and would go back to 3.0.').waitFor()
})
