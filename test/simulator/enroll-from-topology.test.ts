import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { isRefusal } from '../../protocol/refusals.ts'
import { readToken } from '../../protocol/token.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { parseTopology } from '../../simulator/topology-file.ts'
import { type Outcome, patchmesh } from '../command-line/run-patchmesh.ts'

const TEXT = `
organizations: { provider: Provider, tenants: [Acme] }
serviceCenter: { down: 1 Gbit/s, up: 1 Gbit/s }
dataCenters:
  - { name: Paris, wan: { down: 1 Gbit/s, up: 1 Gbit/s }, serviceProvider: 1, tenants: [{ organization: Acme, appliances: 2 }] }
  - { name: Tokyo, wan: { down: 1 Gbit/s, up: 1 Gbit/s }, serviceProvider: 1, tenants: [{ organization: Acme, appliances: 1 }] }
`

const folder = mkdtempSync(path.join(tmpdir(), 'patchmesh-topology-'))
const file = path.join(folder, 'fleet.yaml')
let fleet: Fleet

before(async () => {
  writeFileSync(file, TEXT)
  fleet = await Fleet.start()
})
after(async () => {
  await fleet.stop()
  rmSync(folder, { recursive: true, force: true })
})

const enrollFrom = (topology: string): Promise<Outcome> =>
  patchmesh(['enroll-token', '--data', path.join(fleet.folder, 'service-center'), '--from', topology, '--json'])

const join = async (tokens: { name: string; token: string }[]): Promise<void> => {
  await Promise.all(tokens.map(({ name, token }) => fleet.startAgent(name, ['--token', token])))
  await fleet.reachable(tokens.map(({ name }) => name))
}

describe('enroll-token --from', () => {
  test('enrolls a whole topology in two runs: the depots first, the rest when they are connected', async () => {
    const first = await enrollFrom(file)
    assert.equal(first.status, 0, first.stderr)
    assert.match(
      first.stderr,
      /^left out 3 appliances that connect through the depot of Paris, Tokyo, which has never been connected: [^\n]+\n$/,
    )
    const depots: { name: string; token: string }[] = JSON.parse(first.stdout)
    assert.deepEqual(
      depots.map(({ name }) => name),
      ['paris-sp-primary', 'tokyo-sp-primary'],
    )
    for (const { token, ...rest } of depots) {
      assert.ok(!isRefusal(readToken(token)))
      assert.deepEqual(Object.keys(rest), ['name'])
    }

    const again = await enrollFrom(file)
    assert.equal(again.status, 1, 'nothing was made, and there is more to make')
    assert.deepEqual(JSON.parse(again.stdout), [])
    assert.match(again.stderr, /skipped 2 appliances whose name is in use\n/)

    await join(depots)
    const second = await enrollFrom(file)
    assert.equal(second.status, 0, second.stderr)
    const tenants = JSON.parse(second.stdout)
    assert.deepEqual(
      tenants.map(({ name }: { name: string }) => name),
      ['paris-acme-primary', 'paris-acme-secondary', 'tokyo-acme-primary'],
    )
    await join(tenants)
    const members = await fleet.api.appliances()
    const wanted = parseTopology(TEXT, file).appliances
    const place = ({
      name,
      organization,
      dataCenter,
      kind,
      role,
    }: (typeof members)[number] | (typeof wanted)[number]) => ({
      name,
      organization,
      dataCenter,
      kind,
      role,
    })
    assert.deepEqual(new Set(members.map(place)), new Set(wanted.map(place)))

    const third = await enrollFrom(file)
    assert.equal(third.status, 0, 'everything has its place')
    assert.deepEqual(JSON.parse(third.stdout), [])
  })

  test('refuses a file that is no topology, a line for each mistake, and makes nothing', async () => {
    const broken = path.join(folder, 'broken.yaml')
    writeFileSync(broken, TEXT.replace('down: 1 Gbit/s', 'down: 1').replace('Tokyo', 'Paris'))
    const { status, stdout, stderr } = await enrollFrom(broken)
    assert.equal(status, 1)
    assert.equal(stdout, '')
    assert.equal(
      stderr,
      `patchmesh: ${broken}:3: serviceCenter.down is 1, expected a rate above zero such as 100 Mbit/s.\n`,
    )
  })

  test('goes on past an appliance that gets no token, says why, and ends with status 1', async () => {
    const other = path.join(folder, 'other.yaml')
    writeFileSync(other, TEXT.replace('provider: Provider', 'provider: Other').replaceAll('Paris', 'Lima'))
    const { status, stdout, stderr } = await enrollFrom(other)
    assert.equal(status, 1)
    assert.deepEqual(JSON.parse(stdout), [])
    assert.match(stderr, /^patchmesh: lima-sp-primary gets no token: .*belong to Provider, and Other is another/)
  })

  test('does not go together with a single place', async () => {
    const words = ['enroll-token', '--data', fleet.folder, '--from', file, '--name', 'a']
    const { status, stderr } = await patchmesh(words)
    assert.equal(status, 2)
    assert.match(stderr, /^patchmesh: --from and --name do not go together\. See patchmesh enroll-token --help\.\n$/)
  })
})
