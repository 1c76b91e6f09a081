/**
 * The plan of an install through the API and on its page: what it says, and that what is started by one is what was
 * planned. What has changed since in a way that matters is refused with a sentence that names it.
 */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { TrailPage } from '../../controller/core/access-views.ts'
import type { InstallPlan, PlannedMember } from '../../controller/core/rollout/install-plan.ts'
import { digestOf } from '../../controller/core/rollout/plan-digest.ts'
import type { InstallDetail } from '../../controller/core/views.ts'
import { MaintenanceWindow } from '../../controller/core/windows/window.ts'
import { type InstallId, OrganizationName, type Sha256 } from '../../protocol/identifiers.ts'
import { everyoneNeeds, type Fleet, peerOf, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { type Ask, asking, type Refused } from './api-client.ts'

let fleet: Fleet
let app: ServedApp
let ask: Ask
let patch: Sha256
beforeEach(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  ask = asking(app.url, await app.apiToken())
  patch = await fleet.publish({ name: 'openssl', version: '3.0', restart: 'service' })
  await everyoneNeeds(fleet, patch)
  for (const place of ['paris', 'tokyo'])
    for (const role of ['primary', 'secondary']) await fleet.sendReceipt(`${place}/${role}`, patch)
})
afterEach(async () => {
  await app.close()
  await fleet.close()
})

const ACME = 'organization=acme'
const planned = async (query = ACME, asked = ask) =>
  (await asked<InstallPlan>('GET', `/patches/openssl@3.0/install-plan?${query}`)).json
const membersOf = ({ waves }: InstallPlan): PlannedMember[] =>
  waves.flatMap(({ pairs }) => pairs.flatMap(({ members }) => members))
const inWords = (plan: InstallPlan) => membersOf(plan).map(({ appliance, standing }) => `${appliance} ${standing}`)
const bodyOf = (plan: InstallPlan) => {
  const { organizations, dataCenter, allowOutage, outsideWindows, waveSoakSeconds } = plan
  return { patch: 'openssl@3.0', organizations, dataCenter, allowOutage, outsideWindows, waveSoakSeconds, plan }
}
const start = <Answer = Refused>(plan: InstallPlan, changed: object = {}) =>
  ask<Answer>('POST', '/installs', { ...bodyOf(plan), ...changed })
const started = () => fleet.serviceCenter.state.installs.size

describe('a plan', () => {
  test('counts for how long waves stand, says so in its digest, and is started with that time alone', async () => {
    const scope = 'organization=acme&organization=Org+1000'
    const [usual, standing] = [await planned(scope), await planned(`${scope}&waveSoakSeconds=3600`)]
    assert.equal(standing.waveSoakSeconds, 3600)
    assert.equal(standing.expectedSeconds - usual.expectedSeconds, 2 * 3600)
    assert.equal(Date.parse(standing.deadline) - Date.parse(usual.deadline) >= 2 * 3_600_000, true)
    const edited = await start({ ...standing, waveSoakSeconds: 0 })
    assert.match(edited.json.error.message, /what it says is not what its digest is of/)
    const other = await start(standing, { waveSoakSeconds: 60 })
    assert.match(other.json.error.message, /another time between waves/)
    const { status, json } = await start<InstallDetail>(standing)
    assert.equal(status, 201)
    assert.equal(fleet.serviceCenter.state.installs.get(json.id as InstallId)?.waveSoakSeconds, 3600)
  })

  test('offers what the patch needs first, counts what goes first, and starts them together', async () => {
    const needing = await fleet.publish({
      name: 'openssl',
      version: '3.1',
      restart: 'service',
      requires: [{ name: 'base', version: '2' }],
    })
    const base = await fleet.publish({ name: 'base', version: '2', restart: 'reboot' })
    for (const one of [needing, base]) {
      await everyoneNeeds(fleet, one)
      for (const place of ['paris', 'tokyo'])
        for (const role of ['primary', 'secondary']) await fleet.sendReceipt(`${place}/${role}`, one)
    }
    const plan = async (query: string) =>
      (await ask<InstallPlan>('GET', `/patches/openssl@3.1/install-plan?${query}`)).json
    const alone = await plan(ACME)
    assert.equal(alone.counts.refuses, 4)
    assert.deepEqual(
      alone.needs.map(({ id, appliances }) => [id, appliances]),
      [[base, 4]],
    )
    const together = await plan(`${ACME}&first=base@2`)
    assert.deepEqual([together.counts.ready, together.counts.refuses, together.needs], [4, 0, []])
    assert.deepEqual([together.restart, together.first.map(({ id }) => id)], ['reboot', [base]])
    assert.ok(together.each.seconds > alone.each.seconds)
    const body = { patch: needing, organizations: ['acme'] }
    const other = await ask<Refused>('POST', '/installs', { ...body, plan: together })
    assert.match(other.json.error.message, /other patches that go first/)
    const { status, json } = await ask<InstallDetail>('POST', '/installs', {
      ...body,
      first: ['base@2'],
      plan: together,
    })
    assert.equal(status, 201)
    assert.deepEqual(
      json.together.map(({ patch: named }) => named),
      ['base@2', 'openssl@3.1'],
    )
    const [earlier] = json.together
    const before = await ask<InstallDetail>('GET', `/installs/${earlier?.install}`)
    assert.deepEqual([before.json.patch, before.json.together], [base, json.together])
    const address = new URL(`/appliances/software-updates/openssl@3.1/install?${ACME}`, app.url)
    const page = await fetch(address, { headers: { Cookie: await app.cookie() } })
    assert.match(await page.text(), /It needs base@2 \(on 4 appliances\) first/)
  })

  test('what goes first goes to nobody who does not get the patch, and is named once and not too often', async () => {
    const needing = await fleet.publish({ name: 'openssl', version: '3.1', requires: [{ name: 'base', version: '2' }] })
    const base = await fleet.publish({ name: 'base', version: '2' })
    for (const one of [needing, base]) await everyoneNeeds(fleet, one)
    for (const name of ['acme-tokyo-primary', 'acme-tokyo-secondary'])
      await fleet.detect(name, needing, 'notApplicable', '0.9', 'it is for firewalls')
    const body = { patch: needing, organizations: ['acme'] }
    for (const first of [['base@2', 'base@2'], ['openssl@3.1']]) {
      const refused = await ask<Refused>('POST', '/installs', { ...body, first })
      assert.match(refused.json.error.message, /named twice/)
      const query = first.map((one) => `first=${one}`).join('&')
      assert.equal((await ask('GET', `/patches/openssl@3.1/install-plan?${ACME}&${query}`)).status, 400)
    }
    const many = await Promise.all(
      Array.from({ length: 17 }, (_, number) => fleet.publish({ name: `more-${number}`, version: '1' })),
    )
    const query = many.map((one) => `first=${one}`).join('&')
    const tooMany = await ask<Refused>('GET', `/patches/openssl@3.1/install-plan?${ACME}&${query}`)
    assert.match(tooMany.json.error.message, /17 patches are to go first, and 16 may/)
    const { json } = await ask<InstallDetail>('POST', '/installs', { ...body, first: ['base@2'] })
    const earlier = await ask<InstallDetail>('GET', `/installs/${json.together[0]?.install}`)
    assert.deepEqual(earlier.json.targets.map(({ appliance }) => appliance).sort(), [
      'acme-paris-primary',
      'acme-paris-secondary',
    ])
  })

  test('takes no time for which waves stand that is none, or more than a week', async () => {
    for (const seconds of ['-1', '1.5', 'long', '604801'])
      assert.equal(
        (await ask('GET', `/patches/openssl@3.0/install-plan?${ACME}&waveSoakSeconds=${seconds}`)).status,
        400,
      )
  })

  test('tells the waves, the pairs in them, their members in order, what it does to them and what may fail', async () => {
    const { digest, madeAt, deadline, waves, ...plan } = await planned('organization=acme&organization=Org+1000')
    assert.equal(digest.length, 64)
    assert.ok(Date.parse(deadline) - Date.parse(madeAt) >= 24 * 3_600_000)
    assert.deepEqual(plan, {
      patch: { id: patch, name: 'openssl', version: '3.0', architecture: null },
      ...{ organizations: ['acme', 'Org 1000'], dataCenter: 'All', allowOutage: false, outsideWindows: false },
      waveSoakSeconds: 0,
      restart: 'service',
      counts: { appliances: 8, pairs: 4, ready: 8, waits: 0, refuses: 0, installed: 0 },
      expectedSeconds: 6 * plan.each.seconds,
      each: {
        ...{ seconds: 35, longest: 35, measuredOn: 0 },
        around: { seconds: 30, appliance: 0, kind: 0, allowance: 8 },
      },
      unprotectedSeconds: { longest: 2 * (5 + 15), all: 8 * (5 + 15) },
      mayFail: {
        ...{ pairsAtFirst: 1, pairsLater: 2, pairsOfADataCenter: 1 },
        ...{ unheardPairsAtFirst: 2, unheardDataCentersLater: 3 },
      },
      ...{ first: [], needs: [], notApplicable: [], windows: [], beside: [] },
    })
    assert.deepEqual(
      waves.flatMap(({ wave, pairs }) => pairs.map(({ members }) => [wave, ...members.map((one) => one.appliance)])),
      [
        [1, 'paris/secondary', 'paris/primary'],
        [2, 'acme-paris-secondary', 'acme-paris-primary'],
        [3, 'tokyo/secondary', 'tokyo/primary'],
        [3, 'acme-tokyo-secondary', 'acme-tokyo-primary'],
      ],
    )
  })

  test('tells who has it, who is left out, who would refuse it and who waits, each with the reason', async () => {
    await fleet.detect('acme-paris-primary', patch, 'installed', '3.0')
    await fleet.detect(
      'acme-tokyo-primary',
      patch,
      'notApplicable',
      '0.9',
      'it is for amd64, and this appliance is arm64',
    )
    await fleet.disconnect('acme-paris-secondary')
    const plan = await planned()
    assert.deepEqual(inWords(plan), [
      'acme-paris-primary installed',
      'acme-paris-secondary waits',
      'acme-tokyo-secondary ready',
    ])
    assert.equal(membersOf(plan)[1]?.reason, 'acme-paris-secondary is not reachable')
    assert.deepEqual(
      plan.notApplicable.map(({ appliance, reason }) => `${appliance}: ${reason}`),
      ['acme-tokyo-primary: it is for amd64, and this appliance is arm64'],
    )
    assert.deepEqual(plan.counts, { appliances: 3, pairs: 2, ready: 1, waits: 1, refuses: 0, installed: 1 })
  })

  test('tells of an only member what it waits for, unless an outage is allowed', async () => {
    await fleet.enroll({ name: 'hooli-1', organization: 'hooli', dataCenter: 'paris', kind: 'tenant', role: 'primary' })
    await fleet.detect('hooli-1', patch, 'applicable', '0.9')
    const { waves } = await planned('organization=hooli')
    assert.match(waves[0]?.pairs[0]?.members[0]?.reason ?? '', /only member of its group.*--allow-outage/)
    assert.deepEqual(inWords(await planned('organization=hooli&allowOutage=true')), ['hooli-1 ready'])
  })

  test('says of whoever has a later version that it would go back', async () => {
    await fleet.detect('acme-paris-primary', patch, 'applicable', '4.0')
    const back = membersOf(await planned()).find(({ appliance }) => appliance === 'acme-paris-primary')
    assert.deepEqual([back?.standing, back?.reason], ['ready', 'has 4.0, and would go back to 3.0'])
  })

  test('is refused where there is nothing to plan, as a start is', async () => {
    const refused = async (query: string) =>
      (await ask<Refused>('GET', `/patches/openssl@3.0/install-plan?${query}`)).json
    assert.equal((await refused('')).error.code, 'nothing_chosen')
    assert.equal((await refused('organization=nobody')).error.code, 'unknown_organization')
    assert.equal((await refused('organization=acme&dataCenter=oslo')).error.code, 'unknown_data_center')
    assert.equal((await refused('organization=acme&allowOutage=yes')).error.code, 'bad_request')
  })

  test('of whoever is limited to organizations tells of nothing else', async () => {
    const limited = asking(app.url, await app.apiToken({ role: 'operator', organizations: ['acme'] }))
    assert.deepEqual(inWords(await planned(ACME, limited)), inWords(await planned()))
    const answer = await limited<Refused>('GET', '/patches/openssl@3.0/install-plan?organization=globex')
    assert.equal(answer.json.error.code, 'unknown_organization')
  })
})

describe('what is started by a plan', () => {
  test('is what was planned, and the trail says by which', async () => {
    const plan = await planned()
    const { status, json } = await start<InstallDetail>(plan)
    assert.equal(status, 201, JSON.stringify(json))
    assert.deepEqual(
      json.targets.map(({ appliance, wave }) => `${wave} ${appliance}`).sort(),
      plan.waves
        .flatMap(({ wave, pairs }) => pairs.flatMap(({ members }) => members.map((one) => `${wave} ${one.appliance}`)))
        .sort(),
    )
    const { entries } = (await ask<TrailPage>('GET', '/trail')).json
    assert.match(
      entries.find(({ action }) => action === 'install')?.outcome ?? '',
      new RegExp(`as planned \\(${plan.digest.slice(0, 12)}…\\)`),
    )
  })

  test('is the same when a program has written the fields in another order', async () => {
    const plan = await planned()
    const other = Object.fromEntries(Object.entries(plan).reverse()) as InstallPlan
    assert.equal((await start(other)).status, 201)
  })

  const changes: [what: string, act: () => Promise<unknown>, named: RegExp][] = [
    ['an appliance joined', () => joins('acme-paris-3'), /: acme-paris-3 has joined$/],
    [
      'one left',
      () => retires('acme-paris-primary'),
      /: acme-paris-primary has left; acme-paris-secondary was ready, and now: is the only member of its group/,
    ],
    ['one was replaced', () => fleet.replace('acme-paris-primary'), /: another machine is acme-paris-primary now/],
    [
      'one cannot be reached',
      () => fleet.disconnect('acme-tokyo-primary'),
      /; acme-tokyo-primary was ready, and now: acme-tokyo-primary is not reachable$/,
    ],
    [
      'a copy was lost that was proven',
      () => Promise.resolve(fleet.serviceCenter.state.receipts.get(patch)?.clear()),
      /acme-paris-secondary was ready, and now: no Service Provider appliance of paris holds the patch yet/,
    ],
    [
      'it is not meant for one any more',
      () => fleet.detect('acme-paris-primary', patch, 'notApplicable', '0.9', 'it is for amd64'),
      /: it is not meant for acme-paris-primary any more: it is for amd64$/,
    ],
    [
      'one would go back by now',
      () => fleet.detect('acme-paris-primary', patch, 'applicable', '4.0'),
      /acme-paris-primary was ready, and now: has 4\.0, and would go back to 3\.0$/,
    ],
    [
      'its role changed',
      async () => changesRole('acme-paris-primary'),
      /: acme-paris-primary is secondary now, and was primary$/,
    ],
    [
      'a maintenance window was set',
      () => ask('PUT', '/windows/sundays', SUNDAYS),
      /there is now sundays: window of acme/,
    ],
    [
      'another install goes on there',
      () => startsOther(),
      /install [0-9a-f]{32} of zlib@1\.3 goes on for some of the same pairs/,
    ],
  ]
  for (const [what, act, named] of changes)
    test(`is refused where ${what}, with that`, async () => {
      const plan = await planned()
      await act()
      const { status, json } = await start(plan)
      assert.deepEqual([status, json.error.code], [412, 'changed_meanwhile'], JSON.stringify(json))
      assert.match(json.error.message, /^not started, since it is not as it was planned at /)
      assert.match(json.error.message, named)
      const anew = await start(await planned())
      assert.equal(anew.status, 201, JSON.stringify(anew.json))
    })

  test('is refused while an install of the same patch goes on there', async () => {
    const plan = await planned()
    await start(plan)
    assert.match((await start(plan)).json.error.message, /install [0-9a-f]{32} of openssl@3\.0 goes on for some/)
  })

  test('names no more than five changes, and how many there are', async () => {
    const plan = await planned()
    for (const number of [3, 4, 5, 6, 7, 8, 9]) await joins(`acme-paris-${number}`)
    assert.match((await start(plan)).json.error.message, /; acme-paris-7 has joined; and 2 more changes$/)
  })

  const indifferent: [what: string, act: () => Promise<unknown>][] = [
    ['another organization has changed', () => joins('globex-paris-3', 'globex')],
    ['one was renamed', () => ask('PATCH', '/appliances/acme-paris-primary', { name: 'acme-paris-1' })],
    ['one has it by now', () => fleet.detect('acme-paris-primary', patch, 'installed', '3.0')],
    ['an install elsewhere goes on', () => startsOther('globex')],
  ]
  for (const [what, act] of indifferent)
    test(`is started though ${what}`, async () => {
      const plan = await planned()
      await act()
      const { status, json } = await start(plan)
      assert.equal(status, 201, JSON.stringify(json))
    })

  test('is started though somebody who waited is ready by now', async () => {
    await fleet.disconnect('acme-tokyo-primary')
    const plan = await planned()
    assert.equal(plan.counts.waits, 2)
    await fleet.connect('acme-tokyo-primary')
    assert.equal((await start(plan)).status, 201)
  })

  test('is refused where the plan was edited, is for something else, or is none', async () => {
    const plan = await planned()
    const edited = { ...plan, organizations: ['acme', 'globex'].map((name) => OrganizationName.parse(name)) }
    assert.match((await start(edited)).json.error.message, /what it says is not what its digest is of/)
    assert.match(
      (await start(plan, { organizations: ['globex'] })).json.error.message,
      /the plan is for other organizations/,
    )
    const other = await fleet.publish({ name: 'zlib', version: '1.3' })
    assert.match((await start(plan, { patch: other })).json.error.message, /another file than zlib@1\.3/)
    const { digest: _, ...undone } = plan
    assert.equal((await start(undone as InstallPlan)).json.error.code, 'bad_request')
    const { digest: _made, ...rest } = edited
    assert.match(
      (await start({ ...rest, digest: digestOf(rest) })).json.error.message,
      /globex-paris-primary has joined/,
    )
    assert.equal(started(), 0)
  })

  test('is refused in the words of a start where the patch was withdrawn', async () => {
    const plan = await planned()
    await fleet.serviceCenter.carryOut({ kind: 'withdraw', actor: 'ann', patch, reason: '' })
    assert.equal((await start(plan)).status, 410)
  })
})

describe('the page on which an install is confirmed', () => {
  const open = async (query: string) => {
    const headers = { Cookie: await app.cookie() }
    return (
      await fetch(new URL(`/appliances/software-updates/openssl%403.0/install?${query}`, app.url), { headers })
    ).text()
  }

  test('shows the plan: its waves, what it does to pairs, what may fail, and the file', async () => {
    const page = await open(ACME)
    for (const text of [
      /4 appliances in 2 pairs, about 2 min 20 s where nobody has to wait: 4 ready\./,
      /one member of a pair after the other: a pair is without a stand-in for up to 40 s, all of them together for 80 s/,
      /It halts by itself when 1 pair fails while nobody has the patch\. Later 1 pair that fails ends it in its Data Center, and 2 everywhere\./,
      /Wave 1, the first pair alone: Data Center paris/,
      /Wave 2, up to 2 Data Centers at a time: Data Center tokyo/,
    ])
      assert.match(page, text)
    const [, address = ''] = /href="([^"]+)" download="plan\.json"/.exec(page) ?? []
    const cookie = await app.cookie()
    const file = await fetch(new URL(address.replaceAll('&amp;', '&'), app.url), { headers: { Cookie: cookie } })
    const { madeAt: _, digest: _digest, ...plan } = (await file.json()) as InstallPlan
    const { madeAt: _now, digest: _other, deadline: _deadline, ...same } = await planned()
    assert.deepEqual({ ...plan, deadline: null }, { ...same, deadline: null })
  })

  test('says why an install could not begin at all', async () => {
    const window = MaintenanceWindow.parse({ ...SUNDAYS, begins: '2020-01-01T02:00', rule: '' })
    fleet.serviceCenter.state.windows.set(window.name, window)
    assert.match(
      await open(ACME),
      /It cannot begin[\s\S]*No maintenance window of acme in paris comes that is long enough/,
    )
  })
})

const begins = `${new Date(Date.now() + 365 * 86_400_000).toISOString().slice(0, 10)}T02:00`
const SUNDAYS = {
  ...{ name: 'sundays', kind: 'window', organization: 'acme', dataCenter: null },
  ...{ begins, zone: 'UTC', rule: 'FREQ=WEEKLY', minutes: 240 },
}

async function joins(name: string, organization = 'acme'): Promise<void> {
  await fleet.enroll({ name, organization, dataCenter: 'paris', kind: 'tenant', role: 'secondary', group: 'other' })
  await fleet.detect(name, patch, 'applicable', '0.9')
}

function retires(name: string): Promise<unknown> {
  return fleet.serviceCenter.carryOut({
    kind: 'retire-appliance',
    actor: 'ann',
    appliance: peerOf(fleet, name),
    lastMember: true,
  })
}

/** As an appliance that enrolled anew in its own place would be. */
function changesRole(name: string): void {
  const { appliances } = fleet.serviceCenter.state
  const row = appliances.get(peerOf(fleet, name))
  if (row !== undefined) appliances.set(row.peer, { ...row, role: 'secondary' })
}

async function startsOther(organization = 'acme'): Promise<void> {
  const other = await fleet.publish({ name: 'zlib', version: '1.3' })
  const { status, json } = await ask('POST', '/installs', {
    patch: other,
    organizations: [organization],
    dataCenter: 'paris',
  })
  assert.equal(status, 201, JSON.stringify(json))
}
