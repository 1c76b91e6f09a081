/**
 * What a manifest says, as people meet it with real processes: bundles that are not meant for the appliances, or cannot be
 * installed there as things are, are told beforehand and refused or held with the reason; nothing of them runs.
 */

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { statfsSync } from 'node:fs'
import { access, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ServerRefusal } from '../../controller/cli/exchange.ts'
import type { ManifestDraft } from '../../controller/cli/write-bundle.ts'
import { isUnderWay } from '../../controller/core/rollout/install-states.ts'
import type { InstallDetail } from '../../controller/core/views.ts'
import { PatchName, PatchVersion } from '../../protocol/identifiers.ts'
import { LAUNCHER } from '../../simulator/processes/daemon.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { LOOPBACK } from '../../simulator/processes/place.ts'
import { demoTopology } from '../../simulator/topology.ts'
import { type ControlledBundle, writeControlledBundle } from '../support/controlled-bundle.ts'
import { buildDebianPackage } from '../support/debian-fixtures.ts'
import { cannotInstall } from '../support/real-packages.ts'

const [PRIMARY, SECONDARY] = ['dc1-sp-primary', 'dc1-sp-secondary'] as const
const PAIR = demoTopology(1).appliances.filter(({ name }) => name === PRIMARY || name === SECONDARY)
const ORGANIZATION = PAIR[0]?.organization ?? ''
const BOOT_ID = 'proc/sys/kernel/random/boot_id'

/** A pair of Service Provider appliances and everything that tests ask of them. */
class Pair {
  readonly fleet: Fleet
  constructor(fleet: Fleet) {
    this.fleet = fleet
  }

  static async start(places = LOOPBACK): Promise<Pair> {
    const fleet = await Fleet.start(undefined, places)
    for (const name of [PRIMARY, SECONDARY]) await bootAs(fleet, name, 'first')
    await fleet.addAll(PAIR)
    return new Pair(fleet)
  }

  /** Uploaded, on both, and looked at by both. */
  async bundle(bundle: Omit<ControlledBundle, 'out'>): Promise<string> {
    const out = join(this.fleet.folder, `${bundle.name}.patch`)
    await writeControlledBundle({ ...bundle, out })
    return this.upload(out)
  }

  async upload(file: string): Promise<string> {
    const { id } = await this.fleet.api.upload(file)
    await this.fleet.until(
      'both have it and have looked',
      () => this.fleet.api.patch(id),
      ({ replications, matrix }) => replications.complete === 2 && matrix.all.unknown === 0,
    )
    return id
  }

  async preview(id: string) {
    return this.fleet.api.preview(id, { organizations: [ORGANIZATION], dataCenter: 'All', first: [] })
  }

  start(id: string): Promise<InstallDetail> {
    return this.fleet.api.startInstall({
      patch: id,
      organizations: [ORGANIZATION],
      dataCenter: 'All',
      allowOutage: false,
    })
  }

  target(install: InstallDetail, name: string) {
    return install.targets.find(({ appliance }) => appliance === name)
  }

  /** Until the target of the secondary, which begins, is as it should be. */
  begun(
    install: InstallDetail,
    what: string,
    good: (target: InstallDetail['targets'][number]) => boolean,
    name: string = SECONDARY,
  ) {
    return this.fleet.until(
      what,
      () => this.fleet.api.install(install.id),
      (now) => {
        const target = this.target(now, name)
        return target !== undefined && good(target)
      },
    )
  }

  ended(install: InstallDetail): Promise<InstallDetail> {
    return this.fleet.until(
      'it has ended',
      () => this.fleet.api.install(install.id),
      ({ state }) => !isUnderWay(state),
    )
  }

  async nothingRan(): Promise<void> {
    for (const name of [PRIMARY, SECONDARY])
      await assert.rejects(access(join(this.fleet.folderOf(name), 'root/attempts')))
  }
}

/** The machine of an appliance starts again, as far as its agent can see. */
async function bootAs(fleet: Fleet, name: string, bootId: string): Promise<void> {
  const file = join(fleet.folderOf(name), 'root', BOOT_ID)
  await mkdir(join(file, '..'), { recursive: true })
  await writeFile(file, `${Buffer.from(bootId).toString('hex')}\n`)
}

const PLACE: ManifestDraft['appliesTo'] = { applianceTypes: [], fromVersions: [] }
const reference = (name: string, version?: string) => ({
  name: PatchName.parse(name),
  ...(version === undefined ? {} : { version: PatchVersion.parse(version) }),
})

type Row = { name: string; manifest: Partial<ManifestDraft>; says: RegExp }

/** More than most disks have free; the most that a manifest may ask for is little above. */
const HUGE_BYTES = 270e9
const { bavail, bsize } = statfsSync(tmpdir())
const isRoomy = bavail * bsize >= HUGE_BYTES && 'this machine has so much room that nothing is too large for it'

const NOT_MEANT: Row[] = [
  {
    name: 'for-tenants',
    manifest: { appliesTo: { ...PLACE, applianceTypes: ['tenant' as never] } },
    says: /the patch is for tenant, and this appliance is a service-provider/,
  },
  {
    name: 'for-riscv',
    manifest: { appliesTo: { ...PLACE, architecture: 'riscv64' } },
    says: /the patch is for riscv64, and this appliance takes (amd64|arm64)/,
  },
  {
    name: 'from-nine',
    manifest: { appliesTo: { ...PLACE, fromVersions: [PatchVersion.parse('0.9')] } },
    says: /the patch is for 0\.9, and no version is there/,
  },
]
const HINDERED: Row[] = [
  {
    name: 'needing',
    manifest: { requires: [reference('absent', '2')] },
    says: /the patch needs absent 2 or a later version first, and none is there/,
  },
  {
    name: 'clashing',
    manifest: { conflicts: [reference('base')] },
    says: /the patch must not stand beside base, and base 1\.0\.0 is there/,
  },
  {
    name: 'huge',
    manifest: { diskBytes: HUGE_BYTES },
    says: /the patch needs 270\.0 GB free, and .* [MG]B are free at /,
  },
]

describe('X14: a bundle on a pair of Service Provider appliances', () => {
  let pair: Pair
  before(async () => {
    pair = await Pair.start()
  })
  after(() => pair.fleet.stop())

  for (const { name, manifest, says } of NOT_MEANT) {
    test(`that is not meant for them (${name}) is told to be so, counts for nobody, and is not ordered`, async () => {
      const id = await pair.bundle({ name, manifest })
      const { targets, notApplicable } = await pair.preview(id)
      assert.equal(targets, 0)
      assert.deepEqual(notApplicable.map(({ appliance }) => appliance).sort(), [PRIMARY, SECONDARY])
      for (const { reason } of notApplicable) assert.match(reason, says)
      const detail = await pair.fleet.api.patch(id)
      assert.deepEqual([detail.unpatched, detail.patched, detail.notApplicable], [[], [], [ORGANIZATION]])
      assert.match(detail.notApplicableAppliances[0]?.appliances[0]?.reason ?? '', says)
      await assert.rejects(
        pair.start(id),
        (error: ServerRefusal) => error.code === 'not_applicable' && says.test(error.message),
      )
      await pair.nothingRan()
    })
  }

  test('that would stand at different versions beside its peer is held, with the reason', async () => {
    const id = await pair.bundle({
      name: 'beside-two',
      manifest: { pair: { peerCompat: [PatchVersion.parse('2')], maxSkewSeconds: 3600, order: 'any' } },
    })
    const says = /the patch runs beside 2 only, and its peer dc1-sp-(primary|secondary) has none/
    for (const { reason } of (await pair.preview(id)).hindered) assert.match(reason, says)
    const install = await pair.start(id)
    const held = await pair.begun(install, 'it is held', ({ reason }) => says.test(reason))
    assert.equal(pair.target(held, SECONDARY)?.state, 'queued')
    assert.equal((await pair.fleet.api.cancelInstall(install.id)).state, 'cancelled')
    await pair.nothingRan()
  })

  test('that asks for a soak counts only after it, and says why it waits and until when', async () => {
    const id = await pair.bundle({
      name: 'base',
      manifest: { verify: { detect: { versionFile: '/opt/base/version' }, soakSeconds: 3 } },
    })
    const install = await pair.start(id)
    const watched = /version 1\.0\.0 is there and healthy, and is watched until 20.*Z: the patch asks for 3 seconds/
    const soaking = await pair.begun(install, 'it is watched', ({ reason }) => watched.test(reason))
    assert.equal(pair.target(soaking, SECONDARY)?.state, 'verifying')
    assert.equal(pair.target(soaking, PRIMARY)?.state, 'queued')
    assert.equal((await pair.ended(install)).state, 'done')
    for (const name of [PRIMARY, SECONDARY]) await rm(join(pair.fleet.folderOf(name), 'root/attempts'))
  })

  for (const { name, manifest, says } of HINDERED) {
    test(`that cannot be installed as things are (${name}) is told to be so, and refused by the appliance itself`, {
      skip: name === 'huge' && isRoomy,
    }, async () => {
      const id = await pair.bundle({ name, manifest })
      // How much room there is the Service Center learns from the appliances, once a minute or when it asks.
      for (const appliance of [PRIMARY, SECONDARY]) await pair.fleet.api.logBundle(appliance)
      const { hindered } = await pair.preview(id)
      assert.deepEqual(hindered.map(({ appliance }) => appliance).sort(), [PRIMARY, SECONDARY])
      for (const { reason } of hindered) assert.match(reason, says)
      const ended = await pair.ended(await pair.start(id))
      const target = pair.target(ended, SECONDARY)
      assert.equal(target?.state, 'refused', JSON.stringify(ended))
      assert.match(target?.reason ?? '', says)
      await pair.nothingRan()
    })
  }
})

describe('X15: two architectures of one version', { skip: cannotInstall() }, () => {
  let pair: Pair
  let own = ''
  before(async () => {
    pair = await Pair.start()
    own = (await output('dpkg', ['--print-architecture'])).trim()
  })
  after(() => pair.fleet.stop())

  async function packageFor(architecture: string, note = ''): Promise<string> {
    const file = join(pair.fleet.folder, `xarch_1.0_${architecture}${note}.deb`)
    const control = [
      'Package: xarch',
      'Version: 1.0',
      `Architecture: ${architecture}`,
      'Maintainer: T <t@example.org>',
      'Description: x',
    ]
    await writeFile(file, buildDebianPackage({ control, files: { 'opt/xarch/version': `1.0 ${architecture}${note}` } }))
    return file
  }

  test('are both there, named apart, and each appliance gets its own', async () => {
    const mine = await pair.upload(await packageFor(own))
    const other = await pair.upload(await packageFor('riscv64'))
    const { api } = pair.fleet
    assert.deepEqual(
      (await api.patches()).map(({ name, version, architecture }) => `${name}@${version}:${architecture}`).sort(),
      [...[`xarch@1.0:${own}`, 'xarch@1.0:riscv64'].sort()],
    )
    await assert.rejects(api.patch('xarch@1.0'), (error: ServerRefusal) => {
      assert.equal(error.code, 'ambiguous_patch')
      assert.match(error.message, /xarch@1\.0 is there for several architectures: /)
      return [own, 'riscv64'].every((architecture) => error.message.includes(`xarch@1.0:${architecture}`))
    })
    assert.equal((await api.patch(`xarch@1.0:${own}`)).id, mine)
    assert.equal((await api.patch('xarch@1.0:riscv64')).id, other)
    await assert.rejects(pair.start('xarch@1.0:riscv64'), /the patch is for riscv64, and this appliance takes/)
    assert.deepEqual((await api.patch(other)).notApplicable, [ORGANIZATION])
    const ended = await pair.ended(await pair.start(`xarch@1.0:${own}`))
    assert.equal(ended.state, 'done', JSON.stringify(ended))
    assert.deepEqual((await api.patch(mine)).patched, [ORGANIZATION])
  })

  test('another file of one of them is refused, and so is one for all', async () => {
    const { api } = pair.fleet
    await assert.rejects(api.upload(await packageFor(own, ' ')), (error: ServerRefusal) => error.code === 'name_taken')
    await assert.rejects(api.upload(await packageFor('all')), (error: ServerRefusal) => {
      assert.match(error.message, /would be for some of the same appliances/)
      return error.code === 'name_taken'
    })
  })
})

describe('X13: a restart', () => {
  let pair: Pair
  before(async () => {
    pair = await Pair.start()
  })
  after(() => pair.fleet.stop())

  async function restartMachine(name: string): Promise<void> {
    await pair.fleet.daemon(name).stop()
    await bootAs(pair.fleet, name, 'second')
    await rm(join(pair.fleet.folderOf(name), 'root/run'), { recursive: true, force: true })
    await pair.fleet.startAgent(name)
  }

  test('that a patch declares is waited for, by its appliance and by the peer', async () => {
    const id = await pair.bundle({ name: 'kernel', restart: 'reboot' })
    const install = await pair.start(id)
    const waits = ({ state, reason }: { state: string; reason: string }) =>
      state === 'verifying' && /version 1\.0\.0 is there, and counts after a restart/.test(reason)
    const waiting = await pair.begun(install, 'it waits for a restart', waits)
    assert.equal(pair.target(waiting, PRIMARY)?.state, 'queued')
    assert.deepEqual((await pair.fleet.api.patch(id)).patched, [])
    await restartMachine(SECONDARY)
    await pair.begun(install, 'it counts', ({ state }) => state === 'installed')
    await pair.begun(install, 'its peer waits for its own', waits, PRIMARY)
    await restartMachine(PRIMARY)
    assert.equal((await pair.ended(install)).state, 'done')
  })

  test('that an install program asks for is told of the appliance until the machine has started again', async () => {
    const also =
      'mkdir -p "$PATCHMESH_ROOT/run" && echo libc6 > "$PATCHMESH_ROOT/run/reboot-required.pkgs" && touch "$PATCHMESH_ROOT/run/reboot-required"'
    const ended = await pair.ended(await pair.start(await pair.bundle({ name: 'library', also })))
    assert.match(pair.target(ended, SECONDARY)?.reason ?? '', /a restart is due since 20.*Z, for libc6/)
    const { api } = pair.fleet
    await api.logBundle(SECONDARY)
    const due = (await api.appliance(SECONDARY)).account?.restartDue
    assert.deepEqual(due?.wantedBy, ['libc6'])
    await restartMachine(SECONDARY)
    await pair.fleet.until(
      'nothing is due any more',
      async () => {
        await api.logBundle(SECONDARY)
        return (await api.appliance(SECONDARY)).account
      },
      (account) => account !== null && account.restartDue === null,
    )
  })
})

describe('X25: an agent whose clock is three days ahead', () => {
  const AHEAD_MS = 3 * 24 * 3600 * 1000
  const preload = fileURLToPath(new URL('../support/clock-ahead.ts', import.meta.url))
  const ahead = ['env', `NODE_OPTIONS=--import=${preload}`, `PATCHMESH_CLOCK_AHEAD_MS=${AHEAD_MS}`]
  let pair: Pair
  before(async () => {
    pair = await Pair.start({
      serviceCenter: LOOPBACK.serviceCenter,
      of: (name) => ({ ...LOOPBACK.of(name), enter: name === SECONDARY ? ahead : [] }),
    })
  })
  after(() => pair.fleet.stop())

  test('is seen by the Service Center, which tells so and orders nothing there until it is set', async () => {
    const { api } = pair.fleet
    await pair.fleet.until(
      'the Service Center has asked it',
      async () => (await api.appliance(SECONDARY)).account,
      (account) => account !== null,
    )
    const { account } = await api.appliance(SECONDARY)
    assert.ok(Math.abs((account?.clockAheadSeconds ?? 0) - AHEAD_MS / 1000) < 60, JSON.stringify(account))
    const id = await pair.bundle({ name: 'late' })
    const says = /its clock is 3 days ahead, so that every order has expired there: set its clock/
    assert.match((await pair.preview(id)).hindered[0]?.reason ?? '', says)
    const install = await pair.start(id)
    const held = await pair.begun(install, 'it is held', ({ reason }) => says.test(reason))
    assert.equal(pair.target(held, SECONDARY)?.state, 'queued')
    await api.cancelInstall(install.id)
  })

  test('is told by check on that appliance, and by none on the other', async () => {
    const check = async (name: string) => {
      const findings = JSON.parse(await output(LAUNCHER, ['check', '--data', pair.fleet.folderOf(name), '--json'])) as {
        what: string
        ok: boolean
        detail: string
      }[]
      return findings.find(({ what }) => what === 'clock')
    }
    const told = await pair.fleet.until(
      'its agent was told the time',
      () => check(SECONDARY),
      (clock) => clock?.ok === false,
    )
    assert.match(
      told?.detail ?? '',
      /is 3 days ahead, as the Service Center told the agent when it was 20.* there; set the clock/,
    )
    const right = await pair.fleet.until(
      'the other was too',
      () => check(PRIMARY),
      (clock) => /told the agent/.test(clock?.detail ?? ''),
    )
    assert.match(right?.detail ?? '', /less than a minute off/)
  })
})

/** What a program prints, however it ends. */
function output(program: string, words: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, words, (_error, stdout) => resolve(stdout))
  })
}
