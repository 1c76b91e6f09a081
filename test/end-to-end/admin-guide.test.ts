/**
 * The admin guide, clause by clause: System Patches, from choosing a file to 4/4. The fleet begins with one Data Center
 * and grows to two.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import type { Fleet } from '../../simulator/processes/fleet.ts'
import { demoTopology } from '../../simulator/topology.ts'
import { eventually } from '../support/eventually.ts'
import { realPackage } from '../support/real-packages.ts'
import { auditStore } from '../support/store-audit.ts'
import {
  guideVisits,
  line,
  markDocument,
  openPatch,
  replications,
  sameDocument,
  screenshot,
  upload,
} from './guide-visits.ts'

const run = promisify(execFile)
const guide = guideVisits(1)
const SERVICE_PROVIDER = ['dc1-sp-primary', 'dc1-sp-secondary', 'dc2-sp-primary', 'dc2-sp-secondary']

async function sha256(file: string): Promise<string> {
  return (await run('sha256sum', [file])).stdout.slice(0, 64)
}

async function addSecondDataCenter(fleet: Fleet): Promise<void> {
  const there = new Set((await fleet.api.appliances()).map(({ name }) => name))
  await fleet.addAll(demoTopology(2).appliances.filter(({ name }) => !there.has(name)))
}

guide('a System Patches page (appliances -> software updates)', async ({ page, fleet }) => {
  await page.goto(fleet.url)
  const navigation = page.getByRole('navigation', { name: 'Global' })
  await navigation.getByRole('region', { name: 'Appliances' }).getByRole('link', { name: 'Software updates' }).click()
  await page.getByRole('heading', { level: 1, name: 'System Patches' }).waitFor()
  assert.equal(new URL(page.url()).pathname, '/appliances/software-updates')
  assert.equal(await page.title(), 'System Patches')
})

guide('Browse, Upload', async ({ page, fleet }) => {
  const file = await realPackage('iso-codes')
  await upload(page, file)
  await page
    .getByRole('alert')
    .getByText(/^The patch iso-codes .* is in the Service Center\.$/)
    .waitFor()
  await line(page, 'iso-codes').waitFor()
  assert.ok((await auditStore(join(fleet.folder, 'service-center'))).includes(await sha256(file)))
})

guide(
  'the Service Center checks that the file is the correct file type',
  async ({ page, fleet }) => {
    const right = await realPackage('publicsuffix')
    const cut = (await readFile(right)).subarray(0, -1000)
    const wrong = [
      { name: 'note.patch', mimeType: 'text/plain', buffer: Buffer.from('install this'), says: /plain text/ },
      { name: 'picture.deb', mimeType: 'image/png', buffer: await page.screenshot(), says: /PNG image/ },
      { name: 'cut.deb', mimeType: 'application/octet-stream', buffer: cut, says: /^The file ends after/ },
    ]
    const before = await auditStore(join(fleet.folder, 'service-center'))
    for (const { says, ...file } of wrong) {
      await upload(page, file)
      await page.getByRole('alert').getByText(says).waitFor()
    }
    assert.deepEqual(await auditStore(join(fleet.folder, 'service-center')), before)
    assert.equal(await page.getByRole('link', { name: /note|picture|cut|publicsuffix/ }).count(), 0)
    await upload(page, right)
    await line(page, 'publicsuffix').waitFor()
  },
  { refusals: true },
)

guide('a Replications column: 2/2 with one Data Center, 4/4 with two', async ({ page, fleet }) => {
  await upload(page, await realPackage('iso-codes'))
  await page.getByRole('columnheader', { name: 'Replications' }).waitFor()
  await markDocument(page)
  await replications(page, 'iso-codes', '2/2')
  await addSecondDataCenter(fleet)
  await replications(page, 'iso-codes', '4/4')
  assert.ok(await sameDocument(page), 'the column changed without a reload')
  await screenshot(page, 'list')
})

guide(
  'automatic replication to the primary Service Provider appliance of each Data Center, up to one minute for each appliance',
  async ({ page, fleet }) => {
    await addSecondDataCenter(fleet)
    const file = await realPackage('openclonk-data')
    await upload(page, file)
    await line(page, 'openclonk-data').waitFor()
    await replications(page, 'openclonk-data', '4/4')
    const digest = await sha256(file)
    for (const name of SERVICE_PROVIDER) assert.ok((await auditStore(fleet.folderOf(name))).includes(digest), name)
    for (const name of ['dc1-acme-primary', 'dc2-globex-secondary'])
      assert.deepEqual(await auditStore(fleet.folderOf(name)), [], `${name} has asked for nothing yet`)
  },
)

guide('and on to its secondary: from the primary, with the Service Center standing still', async ({ page, fleet }) => {
  await addSecondDataCenter(fleet)
  const file = join(fleet.folder, 'onward-1.0.0.patch')
  await writeExampleBundle({ name: 'onward', version: '1.0.0', bytes: 24 * 1024 * 1024, out: file })
  const secondary = fleet.daemon('dc2-sp-secondary')
  secondary.kill('SIGSTOP')
  try {
    await upload(page, file)
    await replications(page, 'onward', '3/4')
    fleet.serviceCenter.kill('SIGSTOP')
    secondary.kill('SIGCONT')
    const digest = await sha256(file)
    await eventually('the secondary has it', async () =>
      (await auditStore(fleet.folderOf('dc2-sp-secondary'))).includes(digest),
    )
  } finally {
    secondary.kill('SIGCONT')
    fleet.serviceCenter.kill('SIGCONT')
  }
  await replications(page, 'onward', '4/4')
})

guide('a patch list whose names are links', async (visit) => {
  await addSecondDataCenter(visit.fleet)
  await openPatch(visit, 'linked')
  const { page } = visit
  await page.goBack()
  const table = page.getByRole('table', { name: 'Patches' })
  const names = await table.locator('tbody tr').count()
  assert.equal(await table.locator('tbody td:first-child a').count(), names)
})
