/**
 * What the API says of installs that ended otherwise than installed, and of patches that stand in the way of something.
 */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import type { PatchLine } from '../../controller/core/patch-list.ts'
import type { InstallDetail, InstallPreview } from '../../controller/core/views.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { type Ask, asking } from './api-client.ts'

let fleet: Fleet
let app: ServedApp
let ask: Ask
let patch: Sha256
beforeEach(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  ask = asking(app.url, await app.apiToken())
  patch = await fleet.publish({ name: 'kernel', version: '1' })
  for (const place of ['paris', 'tokyo'])
    for (const role of ['primary', 'secondary']) await fleet.sendReceipt(`${place}/${role}`, patch)
})
afterEach(async () => {
  await app.close()
  await fleet.close()
})

const PARIS = { patch: 'kernel@1', organizations: ['acme'], dataCenter: 'paris' }
const start = async () => (await ask<InstallDetail>('POST', '/installs', PARIS)).json
const shown = async ({ id }: InstallDetail) => (await ask<InstallDetail>('GET', `/installs/${id}`)).json
const inList = async (as = ask) => {
  const [line] = (await as<PatchLine[]>('GET', '/patches')).json
  assert.ok(line)
  return line
}

async function mixedInstall(): Promise<InstallDetail> {
  const install = await start()
  await fleet.report('acme-paris-secondary', install.id, 'installed')
  await fleet.detect('acme-paris-secondary', patch, 'installed', '1')
  await fleet.report('acme-paris-primary', install.id, 'failed', { reason: 'no space left' })
  return install
}

test('F10: a refusal halts the install, and the list says that the patch needs attention and why', async () => {
  const install = await start()
  await fleet.report('acme-paris-secondary', install.id, 'refused', { reason: 'its clock is 3 days ahead' })
  const forPeer = { reason: 'the other member did not end at this patch', refusal: 'peer_not_at_patch' } as const
  await fleet.report('acme-paris-primary', install.id, 'refused', forPeer)
  const ended = await shown(install)
  assert.deepEqual([ended.state, ended.installed, ended.total], ['halted', 0, 2])
  assert.match(
    ended.reason,
    /^acme-paris-secondary refused: its clock is 3 days ahead; it is not installed on 1 more either$/,
  )
  const line = await inList()
  assert.equal(line.condition, 'attention')
  assert.match(line.trouble, /^acme-paris-secondary refused: its clock is 3 days ahead; 1 more needs attention$/)
})

test('F11: a mixed pair is in the install, in the list of installs and in the list of patches, until it is equal', async () => {
  const install = await mixedInstall()
  const sentence = 'acme-paris-secondary has it and acme-paris-primary of the same pair has not: no space left'
  assert.deepEqual((await shown(install)).mixed, [sentence])
  assert.deepEqual((await ask<InstallDetail[]>('GET', '/installs')).json[0]?.mixed, [sentence])
  assert.equal((await inList()).trouble, `a pair is mixed: ${sentence}`)
  const again = await start()
  assert.deepEqual((await shown(again)).mixed, [], 'while it is under way nobody has to look')
  await fleet.report('acme-paris-secondary', again.id, 'installed')
  await fleet.report('acme-paris-primary', again.id, 'installed')
  await fleet.detect('acme-paris-primary', patch, 'installed', '1')
  assert.deepEqual([(await shown(install)).mixed, (await inList()).trouble], [[], ''])
})

test('F11: somebody who sees other organizations is told of no mixed pair of theirs', async () => {
  const install = await mixedInstall()
  const globex = asking(app.url, await app.apiToken({ role: 'operator', organizations: ['globex'] }))
  assert.equal((await inList(globex)).trouble, '')
  assert.equal((await globex('GET', `/installs/${install.id}`)).status, 404)
  const acme = asking(app.url, await app.apiToken({ role: 'operator', organizations: ['acme'] }))
  assert.equal((await acme<InstallDetail>('GET', `/installs/${install.id}`)).json.mixed.length, 1)
})

test('F9: what was installed and is there no more may be withdrawn; what is there may not', async () => {
  const install = await start()
  const withdraw = () => ask('DELETE', '/patches/kernel@1')
  assert.match((await withdraw()).json.error.message, new RegExp(`^install ${install.id} has kernel@1 queued on acme-`))
  for (const role of ['secondary', 'primary']) {
    await fleet.report(`acme-paris-${role}`, install.id, 'installed')
    await fleet.detect(`acme-paris-${role}`, patch, 'installed', '1')
  }
  const { status, json } = await withdraw()
  assert.equal(status, 409)
  assert.equal(json.error.message, 'kernel@1 is installed on acme-paris-primary, acme-paris-secondary')
  assert.match(json.error.hint, /^Keep it, or install another version in its place there first/)
  for (const role of ['secondary', 'primary']) await fleet.detect(`acme-paris-${role}`, patch, 'applicable', '0.9')
  assert.equal((await withdraw()).status, 200)
})

test('F9: an install that stands in the way of another is to be waited for or cancelled, and no patch to be kept', async () => {
  await start()
  const { json } = await ask('POST', '/installs', PARIS)
  assert.equal(json.error.hint, 'Wait until that install has ended there, cancel it, or leave those appliances out.')
})

test('F10: an install that waits for what does not come by itself needs attention, and the list says for what', async () => {
  const lone = { name: 'hooli-1', organization: 'hooli', dataCenter: 'paris', kind: 'tenant', role: 'primary' } as const
  await fleet.enroll(lone)
  const restarting = await fleet.publish({ name: 'firmware', version: '2', restart: 'service' })
  for (const place of ['paris', 'tokyo'])
    for (const role of ['primary', 'secondary']) await fleet.sendReceipt(`${place}/${role}`, restarting)
  const scope = { patch: 'firmware@2', organizations: ['hooli'], dataCenter: 'paris' }
  const [firmware] = (await ask<PatchLine[]>('GET', '/patches')).json
  assert.equal(firmware?.condition, 'complete')
  const preview = await ask<InstallPreview>(
    'GET',
    '/patches/firmware@2/install-preview?organization=hooli&organization=acme',
  )
  assert.deepEqual(
    preview.json.withoutPeer.map(({ appliance }) => appliance),
    ['hooli-1'],
    'who would wait is told before',
  )
  const install = await ask<InstallDetail>('POST', '/installs', scope)
  assert.equal(install.status, 201)
  const line = await inList()
  assert.equal(line.name, 'firmware')
  assert.equal(line.condition, 'attention')
  assert.equal(
    line.trouble,
    'hooli-1 is the only member of its group, and installing would interrupt it: it begins only in an install ' +
      'that allows an outage (--allow-outage)',
  )
  await ask('POST', `/installs/${install.json.id}/cancel`, {})
  assert.equal((await inList()).condition, 'complete', 'who cancels has dealt with it')
  await ask('POST', '/installs', { ...scope, allowOutage: true })
  assert.equal((await inList()).condition, 'complete')
})

test('F10: a peer that has just gone is waited for without a word; one that stays away needs attention', async () => {
  const restarting = await fleet.publish({ name: 'firmware', version: '2', restart: 'service' })
  for (const place of ['paris', 'tokyo'])
    for (const role of ['primary', 'secondary']) await fleet.sendReceipt(`${place}/${role}`, restarting)
  await fleet.disconnect('acme-paris-primary')
  await ask('POST', '/installs', { ...PARIS, patch: 'firmware@2' })
  assert.equal((await inList()).trouble, '')
  const { state } = fleet.serviceCenter
  state.clock = { ...state.clock, wallMs: state.clock.wallMs + 3 * 60_000 }
  assert.equal(
    (await inList()).trouble,
    'acme-paris-secondary waits until its peer acme-paris-primary can be reached, so that one of them always serves',
  )
})
