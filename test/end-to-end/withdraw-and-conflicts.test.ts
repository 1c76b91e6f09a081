/**
 * What happens to one patch name when people upload twice, upload the wrong thing, take it back, or install for nobody.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { LAUNCHER } from '../../simulator/processes/daemon.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { demoTopology } from '../../simulator/topology.ts'
import { writeControlledBundle } from '../support/controlled-bundle.ts'
import { eventually } from '../support/eventually.ts'
import { slotOf } from '../support/fleet-slots.ts'
import { rawRequest } from '../support/raw-request.ts'
import { auditStore } from '../support/store-audit.ts'

const MiB = 1024 * 1024
const SERVICE_PROVIDERS = ['dc1-sp-primary', 'dc1-sp-secondary', 'dc2-sp-primary']
const ACME = ['dc1-acme-primary', 'dc1-acme-secondary', 'dc2-acme']
let fleet: Fleet

before(async () => {
  fleet = await Fleet.start()
  const names = [...SERVICE_PROVIDERS, ...ACME]
  const tokyo = { dataCenter: 'Data Center 2', role: 'primary' } as const
  await fleet.addAll([
    ...demoTopology(1).appliances.filter(({ name }) => names.includes(name)),
    slotOf({ ...tokyo, name: 'dc2-sp-primary', organization: 'Provider', kind: 'service-provider' }),
    slotOf({ ...tokyo, name: 'dc2-acme', organization: 'Acme', kind: 'tenant' }),
  ])
})
after(() => fleet.stop())

async function bundle(name: string, bytes = MiB, version = '1.0.0'): Promise<string> {
  const out = join(fleet.folder, `${name}-${version}-${bytes}.patch`)
  await writeExampleBundle({ name, version, bytes, out })
  return out
}

async function post(file: string): Promise<{ status: number; body: Record<string, unknown> & { id: string } }> {
  const headers = { authorization: fleet.authorization }
  const url = `${fleet.url}/api/v1/patches?filename=x.patch`
  const { status, body } = await rawRequest(url, { method: 'POST', headers, body: await readFile(file) })
  return { status, body: JSON.parse(body) }
}

async function replicated(id: string): Promise<void> {
  await fleet.until(
    '3/3',
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === 3,
  )
}

const stored = (): Promise<string[]> => auditStore(fleet.folderOf('service-center'))
const unfinished = (): Promise<string[]> => readdir(join(fleet.folderOf('service-center'), 'partial'))

async function install(words: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  const options = ['--server', fleet.url, '--api-token', fleet.authorization.slice('Bearer '.length), '--yes']
  return new Promise((resolve) => {
    execFile(LAUNCHER, ['installs', 'start', ...words, ...options], (error, stdout, stderr) =>
      resolve({ status: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}

test('U29 the same file again is answered 200 and kept once', async () => {
  const file = await bundle('twice')
  const first = await post(file)
  assert.equal(first.status, 201)
  const again = await post(file)
  assert.equal(again.status, 200)
  assert.equal(again.body.id, first.body.id)
  await replicated(first.body.id)
  assert.deepEqual(await stored(), [first.body.id])
  assert.equal((await fleet.api.patches()).length, 1)
  assert.deepEqual(await unfinished(), [])
})

test('U30 other bytes under a taken name and version are answered 409, and nothing of them is kept', async () => {
  const before = await stored()
  const { status, body } = await post(await bundle('twice', 2 * MiB))
  assert.equal(status, 409)
  assert.equal((body['error'] as { code: string }).code, 'name_taken')
  assert.match((body['error'] as { message: string }).message, /twice@1\.0\.0 is already there/)
  assert.deepEqual(await stored(), before)
  assert.deepEqual(await unfinished(), [])
})

test('U31 of uploads at once under one name one file is kept, and of one file at once one copy', async () => {
  const files = await Promise.all([3, 4, 5].map((size) => bundle('raced', size * MiB)))
  const ends = await Promise.all([...files, ...files].map(post))
  const kept = ends.filter(({ status }) => status < 300)
  const created = ends.filter(({ status }) => status === 201)
  assert.equal(created.length, 1, JSON.stringify(ends.map(({ status }) => status)))
  assert.deepEqual(new Set(kept.map(({ body }) => body.id)), new Set([created[0]?.body.id]))
  for (const { status, body } of ends) assert.ok([200, 201, 409].includes(status), JSON.stringify(body))
  const [patch] = (await fleet.api.patches()).filter(({ name }) => name === 'raced')
  assert.equal(patch?.id, created[0]?.body.id)
  await replicated(patch?.id ?? '')
  assert.equal((await stored()).length, 2)
  assert.deepEqual(await unfinished(), [])
})

test('a withdrawn patch leaves the list and every store, and nothing installs it', async () => {
  const { id } = await fleet.api.upload(await bundle('mistake'))
  await replicated(id)
  await fleet.api.withdraw(id)
  assert.ok((await fleet.api.patches()).every((patch) => patch.id !== id))
  for (const name of ['service-center', ...SERVICE_PROVIDERS]) {
    const forgotten = async () => !(await readdir(join(fleet.folderOf(name), 'store'))).includes(id)
    await eventually(`the store of ${name} forgets it`, forgotten)
  }
  const refused = await install(['mistake@1.0.0', '--organization', 'Acme'])
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /^patchmesh: the patch mistake@1\.0\.0 was withdrawn\..*\n$/)
})

test('a patch that was withdrawn may come back at once, and is replicated again, time after time', async () => {
  const file = await bundle('back-again')
  for (let round = 0; round < 10; round++) {
    const { id } = await fleet.api.upload(file)
    if (round % 2 === 0) await replicated(id)
    await fleet.api.withdraw(id)
  }
  const { id } = await fleet.api.upload(file)
  await replicated(id)
  for (const name of ['service-center', ...SERVICE_PROVIDERS])
    assert.ok((await auditStore(fleet.folderOf(name))).includes(id), name)
})

test('an appliance that hears of a withdrawal and of the return of the patch at one moment holds it in the end', async () => {
  const file = await bundle('returned')
  const { id } = await fleet.api.upload(file)
  await replicated(id)
  fleet.daemon('dc1-sp-secondary').kill('SIGSTOP')
  await fleet.api.withdraw(id)
  await fleet.api.upload(file)
  fleet.daemon('dc1-sp-secondary').kill('SIGCONT')
  await replicated(id)
  await eventually('the copy', async () =>
    (await readdir(join(fleet.folderOf('dc1-sp-secondary'), 'store'))).includes(id),
  )
})

test('an install on one Data Center touches that one only, and its patch cannot be withdrawn any more', async () => {
  const file = join(fleet.folder, 'chosen.patch')
  await writeControlledBundle({ out: file, name: 'chosen' })
  const { id } = await fleet.api.upload(file)
  await replicated(id)
  for (const name of ACME) await mkdir(join(fleet.folderOf(name), 'root'), { recursive: true })
  const started = await install([id, '--organization', 'Acme', '--data-center', 'Data Center 2', '--wait', '--json'])
  assert.equal(started.status, 0, started.stderr)
  const { targets } = JSON.parse(started.stdout)
  assert.deepEqual(
    targets.map(({ appliance, state }: Record<string, string>) => [appliance, state]),
    [['dc2-acme', 'installed']],
  )
  for (const name of ACME)
    assert.deepEqual(
      await readdir(join(fleet.folderOf(name), 'root')),
      name === 'dc2-acme' ? ['attempts', 'opt'] : [],
      name,
    )
  const [unpatched] = (await fleet.api.patch(id)).unpatched.filter(({ organization }) => organization === 'Acme')
  assert.deepEqual([unpatched?.patched, unpatched?.total], [1, 3])
  await assert.rejects(fleet.api.withdraw(id), /chosen@1\.0\.0 is installed on dc2-acme/)
  assert.ok((await fleet.api.patches()).some((patch) => patch.id === id))
})

test('an install for nobody is refused with a sentence, and starts nothing', async () => {
  const before = (await fleet.api.installs()).length
  const cases: [words: string[], sentence: RegExp][] = [
    [['--organization', 'Nobody'], /there is no organization Nobody/],
    [['--organization', 'Acme', '--data-center', 'Nowhere'], /there is no Data Center Nowhere/],
    [['--organization', ''], /organization/],
  ]
  for (const [words, sentence] of cases) {
    const refused = await install(['chosen@1.0.0', ...words])
    assert.equal(refused.status, 1, refused.stderr)
    assert.match(refused.stderr, sentence)
    assert.match(refused.stderr, /^patchmesh: .*\n$/)
  }
  for (const [organizations, dataCenter, code] of [
    [['Nobody'], 'All', 'unknown_organization'],
    [['Acme'], 'Nowhere', 'unknown_data_center'],
    [[], 'All', 'nothing_chosen'],
  ] as const) {
    const headers = { authorization: fleet.authorization, 'content-type': 'application/json' }
    const body = JSON.stringify({ patch: 'chosen@1.0.0', organizations, dataCenter, allowOutage: false })
    const answer = await rawRequest(`${fleet.url}/api/v1/installs`, { method: 'POST', headers, body })
    assert.equal(answer.status, 422, answer.body)
    assert.equal(JSON.parse(answer.body).error.code, code)
  }
  assert.equal((await fleet.api.installs()).length, before)
})
