/**
 * Retention through the API and the command line: a number is tried, set, and seen in the trail; pins keep what they name.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { LOOKED_EVERY_MS, letGo } from '../../controller/core/retention/letting-go.ts'
import type { RetentionView } from '../../controller/core/retention/retention-views.ts'
import { patchmesh } from '../command-line/run-patchmesh.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { type Ask, asking } from './api-client.ts'

let fleet: Fleet
let app: ServedApp
let ask: Ask
let token: string
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  token = await app.apiToken()
  ask = asking(app.url, token)
  for (const version of ['1', '2', '3']) await fleet.publish({ name: 'kernel', version, bytes: 1_000_000 })
  for (const record of fleet.serviceCenter.state.patches.values()) record.uploadedAt -= 3 * 86_400_000
})
after(async () => {
  await app.close()
  await fleet.close()
})

const stays = ({ patches }: RetentionView) => patches.map(({ version, stays: stay }) => `${version} ${stay}`)

async function shown(query = ''): Promise<RetentionView> {
  const { status, json } = await ask<RetentionView>('GET', `/retention${query}`)
  assert.equal(status, 200)
  return json
}

function command(...words: string[]) {
  return patchmesh(words, { environment: { PATCHMESH_SERVER: app.url, PATCHMESH_API_TOKEN: token } })
}

test('a number is tried without being set, and set with a word in the trail', async () => {
  assert.equal((await shown()).keepNewest, null)
  const tried = await shown('?keepNewest=1')
  assert.deepEqual([tried.keepNewest, tried.judgedBy], [null, 1])
  assert.deepEqual(stays(tried), ['3 true', '2 false', '1 false'])
  assert.deepEqual([tried.keptBytes, tried.leftOverBytes, tried.holders], [1_000_000, 2_000_000, 5])
  assert.equal((await shown()).keepNewest, null)
  const set = await ask<RetentionView>('PUT', '/retention', { keepNewest: 2 })
  assert.deepEqual([set.status, set.json.keepNewest, set.json.judgedBy], [200, 2, 2])
  assert.deepEqual(stays(set.json), ['3 true', '2 true', '1 false'])
  assert.deepEqual(stays(await shown('?keepNewest=all')), ['3 true', '2 true', '1 true'])
  const [entry] = await fleet.repository.trail({ action: 'set-retention', organizations: null, limit: 1 })
  assert.deepEqual(entry && [entry.subject, entry.outcome], ['patches', 'the 2 newest of each name are kept'])
})

test('a pin keeps what it names, until it is taken away', async () => {
  const pinned = await ask<RetentionView>('PUT', '/patches/kernel@1/pin', { reason: 'the audit' })
  const [, , oldest] = pinned.json.patches
  assert.equal(oldest?.pin?.reason, 'the audit')
  assert.match(oldest.reasons.join(), /^.+ has pinned it: the audit$/)
  const { json } = await ask<RetentionView>('DELETE', '/patches/kernel@1/pin')
  assert.deepEqual(stays(json), ['3 true', '2 true', '1 false'])
  assert.equal((await ask('PUT', '/patches/kernel@9/pin', {})).status, 404)
})

test('what others need stays for whoever sees one organization too, and it is not told who', async () => {
  const { patches } = await shown()
  const oldest = patches.find(({ version }) => version === '1')
  await fleet.detect('globex-tokyo-primary', patches[0]?.id as never, 'applicable', '1')
  assert.match(
    (await shown()).patches.find(({ version }) => version === '1')?.reasons.join() ?? '',
    /^globex-tokyo-primary has this version, and a later install goes back to it$/,
  )
  const limited = asking(app.url, await app.apiToken({ role: 'viewer', organizations: ['acme'] as never }))
  const { json } = await limited<RetentionView>('GET', '/retention')
  const seen = json.patches.find(({ id }) => id === oldest?.id)
  assert.deepEqual([seen?.stays, seen?.reasons], [true, ['it is needed']])
  await fleet.detect('globex-tokyo-primary', patches[0]?.id as never, 'applicable', '0')
})

test('what is left over goes within an hour, and the trail names the rule and who has set it', async () => {
  const effects = letGo(fleet.serviceCenter.state, LOOKED_EVERY_MS)
  for (const effect of effects) if (effect.kind === 'commit') await fleet.repository.commit(effect.changes)
  assert.deepEqual(stays(await shown()), ['3 true', '2 true'])
  const [entry] = await fleet.repository.trail({ action: 'withdraw', organizations: null, limit: 1 })
  assert.match(entry?.actor ?? '', /^the retention that .+ has set$/)
  assert.deepEqual(
    [entry?.subject, entry?.outcome],
    ['kernel@1', 'it is none of the 2 newest of its name, and nothing needs it any more'],
  )
})

test('the command line tries, sets and pins, and refuses what is no number', async () => {
  const tried = await command('retention', 'show', '--keep', '1')
  assert.equal(tried.status, 0, tried.stderr)
  assert.match(
    tried.stdout,
    /^the 2 newest versions of each patch are kept, as .+ has set\ntried, and not set: the newest/,
  )
  assert.match(tried.stdout, /\nkernel@2 +1\.0 MB +no +nothing needs it any more /)
  assert.match(tried.stdout, /1\.0 MB stay and 1\.0 MB of 1 version are let go, on each of 5 disks\n$/)
  const unanswered = await command('retention', 'set', '--keep', '1', '--json')
  assert.equal(unanswered.status, 1)
  assert.match(unanswered.stderr, /^Withdraw .+ within an hour\? .*Nothing was set: nobody answered\. Add --yes\.\n$/)
  assert.equal((await command('patches', 'pin', 'kernel@2', '--reason', 'the audit')).status, 0)
  const set = await command('retention', 'set', '--keep', '1', '--yes', '--json')
  assert.deepEqual(stays(JSON.parse(set.stdout)), ['3 true', '2 true'])
  const kept = await command('patches', 'unpin', 'kernel@2')
  assert.equal(kept.status, 1)
  assert.match(
    kept.stderr,
    /^Unpin kernel@2\? It is withdrawn within an hour unless something else keeps it\. .*Add --yes\.\n$/,
  )
  assert.equal((await command('patches', 'unpin', 'kernel@2', '--yes')).status, 0)
  for (const text of ['few', '0', '1001']) {
    const wrong = await command('retention', 'set', '--keep', text)
    assert.equal(wrong.status, 2)
    assert.match(wrong.stderr, /--keep ".+" is no number from 1 to 1000, and not all\./)
  }
  assert.equal((await command('retention', 'show', '--keep', '1000')).status, 0)
  assert.equal(JSON.parse((await command('retention', 'set', '--keep', 'all', '--json')).stdout).keepNewest, null)
})
