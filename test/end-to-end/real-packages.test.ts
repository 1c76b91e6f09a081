/**
 * Real Debian packages through the whole system: uploaded as Debian's archive has them, replicated, installed by the
 * real dpkg on a pair, and failing with dpkg's own words where dpkg would fail.
 */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { access, mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { isUnderWay } from '../../controller/core/rollout/install-states.ts'
import type { InstallDetail } from '../../controller/core/views.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { demoTopology } from '../../simulator/topology.ts'
import { cannotInstall, minimalDebianRoot, type RealPackage, realPackage } from '../support/real-packages.ts'
import { auditStore } from '../support/store-audit.ts'

const run = promisify(execFile)
const PROVIDERS = ['dc1-sp-primary', 'dc1-sp-secondary']
const ACME = ['dc1-acme-primary', 'dc1-acme-secondary']
const GLOBEX = ['dc1-globex-primary', 'dc1-globex-secondary']

describe('a real Debian package', { skip: cannotInstall() }, () => {
  let fleet: Fleet

  before(async () => {
    fleet = await Fleet.start()
    // Globex has whole Debian roots, the others start with nothing.
    for (const name of GLOBEX) {
      await mkdir(fleet.folderOf(name))
      await minimalDebianRoot(join(fleet.folderOf(name), 'root'))
    }
    for (const name of ACME) await mkdir(join(fleet.folderOf(name), 'root'), { recursive: true })
    await fleet.addAll(demoTopology(1).appliances)
  })
  after(() => fleet.stop())

  async function replicate(name: RealPackage): Promise<{ id: string; version: string; file: string }> {
    const file = await realPackage(name)
    const { id, version, sha256 } = await fleet.api.upload(file)
    assert.equal(sha256, (await run('sha256sum', [file])).stdout.slice(0, 64))
    assert.equal(version, (await run('dpkg-deb', ['--field', file, 'Version'])).stdout.trim())
    await fleet.until(
      '2/2',
      () => fleet.api.patch(id),
      ({ replications }) => replications.complete === 2,
    )
    return { id, version, file }
  }

  async function install(patch: string, organization: string): Promise<InstallDetail> {
    const started = await fleet.api.startInstall({
      patch,
      organizations: [organization],
      dataCenter: 'All',
      allowOutage: false,
    })
    return fleet.until(
      'the install ends',
      () => fleet.api.install(started.id),
      ({ state }) => !isUnderWay(state),
    )
  }

  async function dpkgSays(name: string, packageName: string): Promise<string> {
    const database = join(fleet.folderOf(name), 'root/var/lib/dpkg')
    const words = [`--admindir=${database}`, '--show', '--showformat=${db:Status-Abbrev}${Version}', packageName]
    return (await run('dpkg-query', words)).stdout
  }

  async function unpatched(patch: string): Promise<string[]> {
    return (await fleet.api.patch(patch)).unpatched.map(({ organization }) => organization)
  }

  for (const name of ['publicsuffix', 'iso-codes'] as const) {
    test(`${name} is installed by the real dpkg on both members of a pair, in fresh roots`, async () => {
      const { id, version } = await replicate(name)
      assert.ok((await unpatched(id)).includes('Acme'))
      const ended = await install(id, 'Acme')
      assert.equal(ended.state, 'done', JSON.stringify(ended))
      for (const { installedVersion } of ended.targets) assert.equal(installedVersion, version)
      for (const appliance of ACME) assert.equal(await dpkgSays(appliance, name), `ii ${version}`)
      await fleet.until(
        'Acme is patched',
        () => unpatched(id),
        (organizations) => !organizations.includes('Acme'),
      )
      assert.ok((await unpatched(id)).includes('Globex'))
    })
  }

  test("whose dependencies are missing is refused with dpkg's words, halts, and leaves the primary untouched", async () => {
    const { id } = await replicate('less')
    const ended = await install(id, 'Acme')
    assert.equal(ended.state, 'halted', JSON.stringify(ended))
    assert.match(ended.reason, /dc1-acme-secondary refused: .*dependency problems.*nothing was changed/)
    const [primary, secondary] = ACME.map((name) => ended.targets.find(({ appliance }) => appliance === name))
    assert.equal(secondary?.state, 'refused')
    assert.match(secondary?.output ?? '', /less depends on libc6 .*\n {2}Package libc6 is not installed/)
    assert.equal(primary?.state, 'refused')
    assert.match(primary?.reason ?? '', /^the other member did not end at this patch: dc1-acme-secondary refused/)
    for (const name of ACME) {
      await assert.rejects(dpkgSays(name, 'less'), /no packages found matching less/)
      await assert.rejects(access(join(fleet.folderOf(name), 'root/usr/bin/less')))
      assert.equal((await run('dpkg', [`--root=${join(fleet.folderOf(name), 'root')}`, '--audit'])).stdout, '')
    }
    assert.ok((await unpatched(id)).includes('Acme'))
  })

  test('with dependencies and maintainer scripts is installed into Debian roots, and its scripts have run', async () => {
    const { id, version } = await replicate('less')
    const ended = await install(id, 'Globex')
    assert.equal(ended.state, 'done', JSON.stringify(ended))
    for (const name of GLOBEX) {
      assert.equal(await dpkgSays(name, 'less'), `ii ${version}`)
      const pager = join(fleet.folderOf(name), 'root/var/lib/dpkg/alternatives/pager')
      assert.match(await readFile(pager, 'utf8'), /\/usr\/bin\/less/)
    }
    assert.ok(!(await unpatched(id)).includes('Globex'))
  })

  test('of more than 100 MB is replicated byte for byte', async () => {
    const { id } = await replicate('openclonk-data')
    assert.ok(((await fleet.api.patch(id)).bytes ?? 0) > 100e6)
    for (const name of ['service-center', ...PROVIDERS])
      assert.ok((await auditStore(fleet.folderOf(name))).includes(id), name)
    for (const name of [...ACME, ...GLOBEX]) assert.ok(!(await auditStore(fleet.folderOf(name))).includes(id), name)
  })
})
