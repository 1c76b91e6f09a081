/**
 * The policies of an install, each a table: a manifest's word and the facts of an appliance give nothing, or a refusal
 * with the sentence that a person reads.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { judgeKind } from '../../../agent/core/install/policies/appliance-kind.ts'
import { judgeFound } from '../../../agent/core/install/policies/applicability.ts'
import { judgeArchitecture } from '../../../agent/core/install/policies/architecture.ts'
import { judgeConflicts } from '../../../agent/core/install/policies/conflicts.ts'
import { judgeDiskRoom } from '../../../agent/core/install/policies/disk-room.ts'
import { judgeFloor } from '../../../agent/core/install/policies/floor.ts'
import { judgeFromVersions } from '../../../agent/core/install/policies/from-versions.ts'
import { judgeTime } from '../../../agent/core/install/policies/order-time.ts'
import { judgeSkew } from '../../../agent/core/install/policies/pair-skew.ts'
import type { PatchThere } from '../../../agent/core/install/policies/patches-there.ts'
import { judgePeerVersions, type PeerVersion } from '../../../agent/core/install/policies/peer-versions.ts'
import { judgeRequires } from '../../../agent/core/install/policies/requires.ts'
import { isBeforeRestart, judgeRestart } from '../../../agent/core/install/policies/restart.ts'
import { soakLeftMs } from '../../../agent/core/install/policies/soak.ts'
import type { Machine } from '../../../agent/core/machine.ts'
import type { Manifest } from '../../../protocol/bundle/manifest.ts'
import { ApplianceKind, SERVICE_PROVIDER, TENANT } from '../../../protocol/identifiers.ts'
import type { Refusal } from '../../../protocol/refusals.ts'
import { symbolicPatch } from '../../../simulator/world/symbolic-patch.ts'

type Words = NonNullable<Parameters<typeof symbolicPatch>[0]>['manifest']

function manifest(words: Words = {}, version = '3'): Manifest {
  return symbolicPatch({ name: 'tool', version, manifest: words }).publication.manifest
}

function there(name: string, version: string, words?: Words): PatchThere {
  return {
    name,
    version,
    manifest: words === undefined ? null : symbolicPatch({ name, version, manifest: words }).publication.manifest,
  }
}

type Row = { title: string; judged: () => Refusal | string | null; says: string | null }

function table(what: string, rows: readonly Row[]): void {
  describe(what, () => {
    for (const { title, judged, says } of rows) {
      test(title, () => {
        const found = judged()
        assert.equal(found === null || typeof found === 'string' ? found : `${found.refused}: ${found.message}`, says)
      })
    }
  })
}

const forKinds = (...applianceTypes: string[]) => manifest({ appliesTo: { applianceTypes, fromVersions: [] } })
table('X14: appliesTo.applianceTypes', [
  { title: 'an empty list means every kind', judged: () => judgeKind(forKinds(), SERVICE_PROVIDER), says: null },
  {
    title: 'a kind that is named passes',
    judged: () => judgeKind(forKinds('tenant', 'service-provider'), SERVICE_PROVIDER),
    says: null,
  },
  {
    title: 'another kind is refused, with both named',
    judged: () => judgeKind(forKinds('tenant'), SERVICE_PROVIDER),
    says: 'not_applicable: the patch is for tenant, and this appliance is a service-provider',
  },
  {
    title: 'a kind of a word of its own is compared as a word',
    judged: () => judgeKind(forKinds('gateway'), ApplianceKind.parse('gateways')),
    says: 'not_applicable: the patch is for gateway, and this appliance is a gateways',
  },
])

const built = (architecture?: string) => manifest({ appliesTo: { applianceTypes: [], fromVersions: [], architecture } })
table('X14: appliesTo.architecture', [
  { title: 'none means every architecture', judged: () => judgeArchitecture(built(), []), says: null },
  { title: '"all" means every architecture', judged: () => judgeArchitecture(built('all'), ['amd64']), says: null },
  { title: 'the own one passes', judged: () => judgeArchitecture(built('amd64'), ['amd64', 'i386']), says: null },
  {
    title: 'a foreign one that the machine takes passes',
    judged: () => judgeArchitecture(built('i386'), ['amd64', 'i386']),
    says: null,
  },
  {
    title: 'another one is refused, with all that are taken',
    judged: () => judgeArchitecture(built('riscv64'), ['amd64', 'i386']),
    says: 'not_applicable: the patch is for riscv64, and this appliance takes amd64, i386',
  },
  {
    title: 'where nothing is known of the machine nothing is promised for it',
    judged: () => judgeArchitecture(built('amd64'), []),
    says: 'not_applicable: the patch is for amd64, and this appliance cannot tell which it takes',
  },
])

const from = (...fromVersions: string[]) => manifest({ appliesTo: { applianceTypes: [], fromVersions } })
table('X14: appliesTo.fromVersions', [
  { title: 'an empty list takes every version', judged: () => judgeFromVersions(from(), '1'), says: null },
  { title: 'an empty list takes none', judged: () => judgeFromVersions(from(), null), says: null },
  { title: 'a version that is named passes', judged: () => judgeFromVersions(from('1', '2'), '2'), says: null },
  {
    title: 'another version is refused',
    judged: () => judgeFromVersions(from('1', '2'), '1.5'),
    says: 'not_applicable: the patch is for 1, 2, and version 1.5 is there',
  },
  {
    title: 'nothing is not a version',
    judged: () => judgeFromVersions(from('1'), null),
    says: 'not_applicable: the patch is for 1, and no version is there',
  },
])

describe('X14: what an installer found is told as the manifest lets it count', () => {
  const place = { kind: TENANT, architectures: ['amd64'] }
  const found = (result: 'applicable' | 'installed' | 'unknown') => ({ result, installedVersion: '1', reason: 'seen' })
  const rows = [
    [
      'what is installed is not measured by the versions it could come from',
      from('2'),
      found('installed'),
      'installed',
    ],
    ['what cannot be seen stays unknown', from('2'), found('unknown'), 'unknown'],
    ['what could be installed is', from('2'), found('applicable'), 'notApplicable'],
    [
      'what is not meant for the kind does not count, installed or not',
      forKinds('gateway'),
      found('installed'),
      'notApplicable',
    ],
    ['nor what is built for another architecture', built('arm64'), found('unknown'), 'notApplicable'],
  ] as const
  for (const [title, wanted, seen, result] of rows)
    test(title, () => {
      const judged = judgeFound(wanted, place, seen)
      assert.equal(judged.result, result)
      assert.equal(judged.installedVersion, '1', 'the version that is there is told all the same')
    })
})

const needs = (version?: string) =>
  manifest({ requires: [version === undefined ? { name: 'base' } : { name: 'base', version }] })
table('X14: requires', [
  {
    title: 'any version will do where none is named',
    judged: () => judgeRequires(needs(), [there('base', '0.1')]),
    says: null,
  },
  { title: 'the named version will do', judged: () => judgeRequires(needs('2'), [there('base', '2')]), says: null },
  {
    title: 'a later one will do, by the order of versions and not of letters',
    judged: () => judgeRequires(needs('1.9'), [there('base', '1.10')]),
    says: null,
  },
  {
    title: 'an earlier one will not, and is named',
    judged: () => judgeRequires(needs('2'), [there('base', '2~rc1')]),
    says: 'needs_prerequisite: the patch needs base 2 or a later version first, and base 2~rc1 is there',
  },
  {
    title: 'another patch will not',
    judged: () => judgeRequires(needs(), [there('bases', '9')]),
    says: 'needs_prerequisite: the patch needs base first, and none is there',
  },
  {
    title: 'what an installed patch supersedes counts as there',
    judged: () => judgeRequires(needs('2'), [there('better', '1', { supersedes: [{ name: 'base', version: '2' }] })]),
    says: null,
  },
  {
    title: 'what it supersedes whatever the version, too',
    judged: () => judgeRequires(needs('2'), [there('better', '1', { supersedes: [{ name: 'base' }] })]),
    says: null,
  },
  {
    title: 'what it supersedes up to an earlier version does not',
    judged: () => judgeRequires(needs('2'), [there('better', '1', { supersedes: [{ name: 'base', version: '1.9' }] })]),
    says: 'needs_prerequisite: the patch needs base 2 or a later version first, and none is there',
  },
  {
    title: 'a version of which no manifest is known supersedes nothing',
    judged: () => judgeRequires(needs(), [there('better', '1')]),
    says: 'needs_prerequisite: the patch needs base first, and none is there',
  },
])

const not = (version?: string) =>
  manifest({ conflicts: [version === undefined ? { name: 'old' } : { name: 'old', version }] })
table('X14: conflicts', [
  {
    title: "what is not there is in nobody's way",
    judged: () => judgeConflicts(not(), [there('base', '1')]),
    says: null,
  },
  {
    title: 'any version is, where none is named',
    judged: () => judgeConflicts(not(), [there('old', '7')]),
    says: 'conflicting_patch: the patch must not stand beside old, and old 7 is there',
  },
  {
    title: 'an earlier one than the named is not',
    judged: () => judgeConflicts(not('2'), [there('old', '1.10')]),
    says: null,
  },
  {
    title: 'the named and later ones are',
    judged: () => judgeConflicts(not('2'), [there('old', '2.1')]),
    says: 'conflicting_patch: the patch must not stand beside old 2 or a later version, and old 2.1 is there',
  },
  {
    title: 'what is installed may forbid the patch, too',
    judged: () => judgeConflicts(manifest(), [there('guard', '1', { conflicts: [{ name: 'tool', version: '3' }] })]),
    says: 'conflicting_patch: guard 1 is there, which must not stand beside tool 3',
  },
  {
    title: 'an older version of the patch itself forbids no newer one',
    judged: () => judgeConflicts(manifest(), [there('tool', '2', { conflicts: [{ name: 'tool', version: '2.1' }] })]),
    says: null,
  },
])

table('X14: floor', [
  { title: 'none asks for nothing', judged: () => judgeFloor(manifest(), '1', []), says: null },
  {
    title: 'the floor itself and what is beyond it pass',
    judged: () => judgeFloor(manifest({ floor: '2' }), '2', []),
    says: null,
  },
  {
    title: 'where no version is there nothing is taken along',
    judged: () => judgeFloor(manifest({ floor: '2' }), null, []),
    says: null,
  },
  {
    title: 'what is below has to come to it first',
    judged: () => judgeFloor(manifest({ floor: '2' }), '1.9', []),
    says: 'needs_prerequisite: version 1.9 is there, below the floor 2: install tool 2 first, or a later version that is not beyond 3',
  },
  {
    title: 'nothing below the floor of what is there is installed over it',
    judged: () => judgeFloor(manifest({}, '1.9'), '3', [there('tool', '3', { floor: '2' })]),
    says: 'not_applicable: tool 3 is there, over which nothing below its floor 2 is installed',
  },
  {
    title: 'the floor of another patch is none of it',
    judged: () => judgeFloor(manifest({}, '1'), null, [there('base', '3', { floor: '2' })]),
    says: null,
  },
])

const takes = (diskBytes: number) => manifest({ diskBytes })
const rooms = [
  { folder: '/', freeBytes: 40_000_000 },
  { folder: '/opt', freeBytes: 2_500_000_000 },
]
table('X24: diskBytes', [
  {
    title: 'what fits on one of the file systems passes',
    judged: () => judgeDiskRoom(takes(2_500_000_000), rooms),
    says: null,
  },
  {
    title: 'what fits on none is refused with both numbers, and where most is free',
    judged: () => judgeDiskRoom(takes(2_500_000_001), rooms),
    says: 'no_space: the patch needs 2500.0 MB free, and 2500.0 MB are free at /opt, where most are',
  },
  {
    title: 'where there is one file system it is that one',
    judged: () => judgeDiskRoom(takes(50_000_000), rooms.slice(0, 1)),
    says: 'no_space: the patch needs 50.0 MB free, and 40.0 MB are free at /',
  },
  {
    title: 'nothing is needed where nothing is asked for',
    judged: () => judgeDiskRoom(takes(0), [{ folder: '/', freeBytes: 0 }]),
    says: null,
  },
])

table('X25: the time of an order', [
  { title: 'before its end it is good', judged: () => judgeTime({ expiresAt: 1000 }, 999, null), says: null },
  {
    title: 'after it the appliance names its own time',
    judged: () => judgeTime({ expiresAt: 0 }, 86_400_000, null),
    says: 'expired: the order expired at 1970-01-01T00:00:00.000Z, and by the clock of this appliance it is 1970-01-02T00:00:00.000Z',
  },
])

const beside = (...peerCompat: string[]) => manifest({ pair: { peerCompat, maxSkewSeconds: 60, order: 'any' } })
const peer = (version: string | null, isKnown = true): PeerVersion => ({ name: 'b', version, isKnown })
table('X14: pair.peerCompat', [
  {
    title: 'an empty list tolerates every version',
    judged: () => judgePeerVersions(beside(), [peer(null, false)]),
    says: null,
  },
  {
    title: 'a version that is named is tolerated',
    judged: () => judgePeerVersions(beside('2'), [peer('2')]),
    says: null,
  },
  {
    title: 'the new version is tolerated by itself',
    judged: () => judgePeerVersions(beside('2'), [peer('3')]),
    says: null,
  },
  {
    title: 'without a peer there is nothing to tolerate',
    judged: () => judgePeerVersions(beside('2'), []),
    says: null,
  },
  {
    title: 'another version is not',
    judged: () => judgePeerVersions(beside('2', '2.1'), [peer('1')]),
    says: 'the patch runs beside 2, 2.1 only, and its peer b has 1',
  },
  {
    title: 'nor is none',
    judged: () => judgePeerVersions(beside('2'), [peer(null)]),
    says: 'the patch runs beside 2 only, and its peer b has none',
  },
  {
    title: 'nor what nobody has told of',
    judged: () => judgePeerVersions(beside('2'), [peer(null, false)]),
    says: 'the patch runs beside 2 only, and its peer b has not told what it has',
  },
])

table('X14: pair.maxSkewSeconds', [
  { title: 'up to it a pair may be at different versions', judged: () => judgeSkew(beside(), 0, 60_999), says: null },
  {
    title: 'beyond it that is said, with both numbers',
    judged: () => judgeSkew(beside(), 0, 61_000),
    says: 'the pair has been at different versions since 1970-01-01T00:00:00.000Z, longer than the 60 seconds that the patch allows',
  },
])

const machine = (bootId: string | null): Machine => ({ architectures: [], bootId, restartDue: null, rooms: [] })
const rebooting = manifest({ impact: { restart: 'reboot', estimateSeconds: 5 } })
table('X13: impact.restart', [
  {
    title: 'a machine that knows which start of it this is will do',
    judged: () => judgeRestart(rebooting, machine('a')),
    says: null,
  },
  {
    title: 'a patch that wants no restart asks for nothing',
    judged: () => judgeRestart(manifest(), machine(null)),
    says: null,
  },
  {
    title: 'else the patch could never count',
    judged: () => judgeRestart(rebooting, machine(null)),
    says: 'not_applicable: the patch counts only after a restart, and this appliance cannot tell one start of the machine from another',
  },
])

test('X13: a machine has started again when its boot id is another one', () => {
  assert.equal(isBeforeRestart('a', machine('a')), true)
  assert.equal(isBeforeRestart('a', machine('b')), false)
  assert.equal(isBeforeRestart(undefined, machine('a')), false, 'what was not installed under any waits for none')
})

test('X14: what is left of a soak after a restart is never more than the soak, whatever the clock was set to', () => {
  const soaking = manifest({ verify: { detect: { versionFile: '/v' }, soakSeconds: 60 } })
  assert.equal(soakLeftMs(soaking, 100_000, 70_000), 30_000)
  assert.equal(soakLeftMs(soaking, 100_000, 200_000), 0)
  assert.equal(soakLeftMs(soaking, 100_000, 0), 60_000, 'the clock was set back by a day')
})
