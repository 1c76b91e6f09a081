/**
 * Patches that are carried to a site on a disk, with real processes: what is exported, what an appliance takes in, what the
 * WAN has carried of it, and disks that are not as they should be.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openCarried, readDisk } from '../../agent/shell/patch-disk.ts'
import { askAgent } from '../../agent/shell/visits/asking.ts'
import { type BroughtPatch, bringPatch } from '../../agent/shell/visits/bring-import.ts'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import { DISK_LIST, HASHES_FILE, PUBLICATION_FILE } from '../../protocol/patch-disk.ts'
import { pieceCount } from '../../protocol/pieces.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { decodeEnvelope, encodeEnvelope, open, seal, signingKeyFromSeed } from '../../protocol/trust/envelope.ts'
import { Publication } from '../../protocol/trust/statements.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { patchmesh } from '../command-line/run-patchmesh.ts'
import { slotOf } from '../support/fleet-slots.ts'
import { cannotMount, SmallDisks } from '../support/small-disk.ts'

const BYTES = 6 * 1024 * 1024
const PIECES = 24
const NO_BYTES = { downBitsPerSecond: null, upBitsPerSecond: null, quietHours: ['00:00-12:00', '12:00-24:00'] }
const PAIR = ['primary', 'secondary'] as const

let fleet: Fleet
const disks = new SmallDisks()
const opened: (() => Promise<void>)[] = []
before(async () => {
  fleet = await Fleet.start()
  for (const role of PAIR) await fleet.add(slotOf({ ...place('Paris', role), name: role }))
  await fleet.reachable(PAIR)
  await fleet.api.setDataCenterLimits('Paris', { ...NO_BYTES, trades: true })
})
after(async () => {
  disks.unmount()
  for (const close of opened) await close()
  await fleet?.stop()
})

function place(dataCenter: string, role: (typeof PAIR)[number]) {
  return { organization: 'Provider', dataCenter, kind: 'service-provider', role }
}

/** Uploads a patch, and exports it; no byte of it goes over the WAN. */
async function carried(name: string): Promise<{ id: string; disk: string }> {
  const out = join(fleet.folder, `${name}.patch`)
  await writeExampleBundle({ name, version: '1.0.0', bytes: BYTES, out })
  const { id } = await fleet.api.upload(out)
  const disk = join(fleet.folder, `disk-${name}`)
  const { status, stderr } = await exported([id], disk)
  assert.equal(status, 0, stderr)
  return { id, disk }
}

function exported(patches: readonly string[], disk: string) {
  const environment = {
    PATCHMESH_SERVER: fleet.url,
    PATCHMESH_API_TOKEN: fleet.authorization.replace('Bearer ', ''),
  }
  return patchmesh(['export', ...patches, '--to', disk, '--json'], { environment })
}

async function imported(disk: string, name = 'primary') {
  const { status, stdout, stderr } = await patchmesh(['import', disk, '--data', fleet.folderOf(name), '--json'])
  const patches = stdout === '' ? [] : JSON.parse(stdout).patches
  return { status, stderr, patches, first: patches[0] }
}

async function copyAt(name: string, id: string) {
  const answer = await askAgent(fleet.folderOf(name), { kind: 'status' })
  assert.ok(answer?.kind === 'status')
  return answer.status.patches.find((patch) => patch.id === id)
}

async function countsTwo(id: string): Promise<void> {
  await fleet.until(
    'both members count',
    () => fleet.api.patch(id),
    ({ replications }) => replications.complete === 2,
  )
}

const storeOf = (name: string): string[] => readdirSync(join(fleet.folderOf(name), 'store')).sort()
const wanBytes = async () => (await fleet.api.dataCenters())[0]?.wanBytes

describe('a patch on a disk', () => {
  test('counts 2/2 where it is imported at one member, and no byte of it has crossed the WAN', async () => {
    const { id, disk } = await carried('thin-line')
    assert.equal((await fleet.api.patch(id)).replications.complete, 0)
    const whole = Buffer.concat([readFileSync(join(disk, id, 'patch-0001'))])
    assert.deepEqual(whole, readFileSync(join(fleet.folder, 'thin-line.patch')))
    const { status, first } = await imported(disk)
    assert.equal(status, 0)
    assert.deepEqual([first.state, first.pieces, first.bytes, first.reason], ['imported', PIECES, whole.byteLength, ''])
    await countsTwo(id)
    assert.equal(await wanBytes(), 0)
    assert.equal((await imported(disk)).first.state, 'already here')
    assert.equal((await imported(disk, 'secondary')).first.state, 'already here')
  })

  test('is taken in where nobody else can be reached and nobody has told of it, and its peer gets it from there', async () => {
    await Promise.all(PAIR.map((name) => fleet.daemon(name).stop()))
    const { id, disk } = await carried('no-line')
    await fleet.serviceCenter.stop()
    for (const name of PAIR) await fleet.startAgent(name)
    assert.equal(await copyAt('primary', id), undefined)
    const { status, first } = await imported(disk)
    assert.deepEqual([status, first.state, first.pieces], [0, 'imported', PIECES])
    await fleet.until(
      'the secondary has it',
      () => copyAt('secondary', id),
      (copy) => copy?.state === 'replicated',
    )
    await fleet.restartServiceCenter()
    await countsTwo(id)
    assert.equal(await wanBytes(), 0)
  })

  test('that is cut in the middle by whoever brings it, or by kill -9 of the agent, is gone on with', async () => {
    const { id, disk } = await carried('cut-line')
    const patch = await patchOn(disk)
    const half = await bringPatch(fleet.folderOf('primary'), {
      ...patch,
      piece: async (index) => (index < 10 ? patch.piece(index) : null),
    })
    assert.deepEqual([half?.answer.kind, half?.pieces], ['partly', 10])
    assert.equal((await copyAt('primary', id))?.state, 'transferring')
    assert.ok(!storeOf('primary').includes(id))

    const killed = bringPatch(fleet.folderOf('primary'), {
      ...patch,
      async piece(index) {
        if (index !== 15) return patch.piece(index)
        await fleet.until(
          'what was brought is on the disk',
          () => copyAt('primary', id),
          (copy) => (copy?.bytesHere ?? 0) >= 15 * 256 * 1024,
        )
        fleet.daemon('primary').kill('SIGKILL')
        return patch.piece(index)
      },
    })
    await assert.rejects(killed, /^Error: the agent has ended in the middle: what it was given is kept; import again/)
    await fleet.until(
      'it is gone',
      async () => fleet.daemon('primary').running,
      (running) => !running,
    )
    const nobody = await imported(disk)
    assert.equal(nobody.status, 1)
    assert.match(nobody.stderr, /^patchmesh: no agent runs on \S+: start it/)
    await fleet.startAgent('primary')
    const { status, first } = await imported(disk)
    assert.deepEqual([status, first.state, first.pieces], [0, 'imported', PIECES - 15])
    await countsTwo(id)
  })

  async function patchOn(disk: string): Promise<BroughtPatch> {
    const list = await readDisk(disk)
    assert.ok(!isRefusal(list) && list.patches[0] !== undefined)
    const found = await openCarried(disk, list.patches[0])
    assert.ok(!isRefusal(found))
    const { envelope, hashes, publication, piece, close } = found
    opened.push(close)
    return { publication: envelope, hashes, pieces: pieceCount(publication), piece, progress: () => {} }
  }
})

describe('a disk that is not as it should be', () => {
  let id = ''
  let good = ''
  let signingKey = ''
  before(async () => {
    ;({ id, disk: good } = await carried('wrong-disk'))
    signingKey = JSON.parse(readFileSync(join(good, DISK_LIST), 'utf8')).signingKey
  })

  function flip(file: string, at: number): void {
    const bytes = readFileSync(file)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    writeFileSync(file, bytes)
  }

  const list = (disk: string): string => join(disk, DISK_LIST)
  const below = (disk: string, name: string): string => join(disk, id, name)
  const wrong: [what: string, spoil: (disk: string) => void, sentence: RegExp][] = [
    ['is another folder', (disk) => rmSync(list(disk)), /there is no patchmesh-disk\.json in .*: name the folder that/],
    ['has a list of something else', (disk) => writeFileSync(list(disk), '[1, 2'), /is not the list of a disk/],
    [
      'is of a later release',
      (disk) => writeFileSync(list(disk), '{"format":"patchmesh-disk/9"}'),
      /has the form patchmesh-disk\/9, and this release reads patchmesh-disk\/1/,
    ],
    [
      'has a folder as its list',
      (disk) => [rmSync(list(disk)), mkdirSync(list(disk))],
      /cannot be read \(not a file\)/,
    ],
    [
      'was cut after its list',
      (disk) => rmSync(join(disk, id), { recursive: true }),
      /the disk lists wrong-disk 1\.0\.0, and .*publication is not there: it was cut, or files were removed/,
    ],
    [
      'has a pipe in place of a file',
      (disk) => [rmSync(below(disk, HASHES_FILE)), execFileSync('mkfifo', [below(disk, HASHES_FILE)])],
      /piece-hashes cannot be read \(not a file\)/,
    ],
    [
      'has other hashes',
      (disk) => flip(below(disk, HASHES_FILE), 40),
      /piece hashes of wrong-disk 1\.0\.0 is not what was signed/,
    ],
    [
      'has a changed publication',
      (disk) => flip(below(disk, PUBLICATION_FILE), 120),
      /the signature of \w+ on a signed publication is wrong/,
    ],
    [
      'has a publication of no Service Center',
      (disk) => writeFileSync(below(disk, PUBLICATION_FILE), 'anything else'),
      /publication is damaged, or something else/,
    ],
    [
      'is of another Service Center',
      (disk) => {
        const signed = decodeEnvelope(readFileSync(below(disk, PUBLICATION_FILE)))
        assert.ok(!isRefusal(signed))
        const publication = open(Publication, signed, [signed.signatures[0]?.keyid ?? ('' as never)])
        assert.ok(!isRefusal(publication))
        const forged = seal(Publication, publication, signingKeyFromSeed(new Uint8Array(32).fill(7)))
        writeFileSync(below(disk, PUBLICATION_FILE), encodeEnvelope(forged))
      },
      /it is of another Service Center: this appliance trusts what \w+ has signed, and nothing else/,
    ],
    [
      'has a link in place of the patch',
      (disk) => {
        rmSync(below(disk, 'patch-0001'))
        symlinkSync('/etc/passwd', below(disk, 'patch-0001'))
      },
      /piece 1 of 24 in \S+ cannot be read \(ELOOP\)/,
    ],
    ['has no patch', (disk) => rmSync(below(disk, 'patch-0001')), /piece 1 of 24 in \S+ cannot be read \(ENOENT\)/],
  ]
  for (const [what, spoil, sentence] of wrong) {
    test(`that ${what} is named in a sentence, and nothing is taken for a copy`, async () => {
      const disk = join(fleet.folder, 'spoiled')
      rmSync(disk, { recursive: true, force: true })
      cpSync(good, disk, { recursive: true })
      spoil(disk)
      const before = storeOf('primary')
      const { status, stderr, first } = await imported(disk)
      assert.equal(status, 1)
      const said = first === undefined ? stderr : first.reason
      assert.match(said, sentence)
      assert.ok(!/\n./.test(said) && !/undefined|\bat .*\.ts/.test(said), said)
      assert.deepEqual(storeOf('primary'), before)
      assert.equal(fleet.daemon('primary').running, true)
    })
  }

  test('with one wrong piece gives the others, and a good disk the one that is missing', async () => {
    const disk = join(fleet.folder, 'one-piece')
    cpSync(good, disk, { recursive: true })
    writeFileSync(join(disk, 'holiday.jpg'), 'full of other things')
    mkdirSync(join(disk, 'DCIM'))
    flip(below(disk, 'patch-0001'), 3 * 256 * 1024 + 5)
    const { status, first } = await imported(disk)
    assert.deepEqual([status, first.state, first.pieces], [1, 'incomplete', PIECES - 1])
    assert.match(first.reason, /^piece 4 of 24 in \S+\/patch-0001 is not what was signed$/)
    const mended = await imported(good)
    assert.deepEqual([mended.status, mended.first.state, mended.first.pieces], [0, 'imported', 1])
    await countsTwo(id)
    assert.equal(await wanBytes(), 0)
  })

  test('that holds patches of another Service Center is not written to, and one that was cut is gone on with', async () => {
    const disk = join(fleet.folder, 'again')
    cpSync(good, disk, { recursive: true })
    const text = readFileSync(list(disk), 'utf8')
    const other = signingKeyFromSeed(new Uint8Array(32).fill(9)).peer
    writeFileSync(list(disk), text.replace(signingKey, other))
    const refused = await exported([id], disk)
    assert.equal(refused.status, 1)
    assert.match(refused.stderr, /has patches of another Service Center \(\w+\): name an empty folder\.\n$/)
    writeFileSync(list(disk), text)
    const whole = readFileSync(below(disk, 'patch-0001'))
    writeFileSync(below(disk, 'patch-0001'), whole.subarray(0, 5 * 1024 * 1024))
    const { status, stdout } = await exported([id], disk)
    assert.equal(status, 0)
    assert.equal(JSON.parse(stdout).patches[0].written, whole.byteLength - 5 * 1024 * 1024)
    assert.deepEqual(readFileSync(below(disk, 'patch-0001')), whole)
  })

  test('on which links lead elsewhere has nothing written there', async () => {
    const disk = join(fleet.folder, 'links')
    const victim = join(fleet.folder, 'victim')
    writeFileSync(victim, 'not yours')
    cpSync(good, disk, { recursive: true })
    rmSync(below(disk, 'patch-0001'))
    for (const name of ['patch-0001', '.publication.new', '.piece-hashes.new']) symlinkSync(victim, below(disk, name))
    symlinkSync(victim, join(disk, `.${DISK_LIST}.new`))
    const { status, stderr } = await exported([id], disk)
    assert.equal(status, 1)
    assert.match(stderr, /patch-0001 cannot be written \(ELOOP\): a link lies there: remove it/)
    rmSync(below(disk, 'patch-0001'))
    assert.equal((await exported([id], disk)).status, 0)
    assert.equal(readFileSync(victim, 'utf8'), 'not yours')
  })

  test('that is full or read-only is named, and keeps what it had; from one that is read-only is imported', async (t) => {
    const reason = cannotMount()
    if (reason !== false) return t.skip(reason)
    const disk = join(fleet.folder, 'small')
    await disks.mount(disk, 2 * BYTES)
    const { id: first } = await carried('fits')
    const { id: second } = await carried('fits-not')
    assert.equal((await exported([first], disk)).status, 0)
    const full = await exported([second], disk)
    assert.equal(full.status, 1)
    assert.match(full.stderr, /has room for [\d.]+ MB and [\d.]+ MB are to be written: make room, or take another disk/)
    assert.deepEqual(JSON.parse(readFileSync(list(disk), 'utf8')).patches.length, 1)
    execFileSync('mount', ['-o', 'remount,ro', disk])
    const readOnly = await exported([second], disk)
    assert.equal(readOnly.status, 1)
    assert.match(readOnly.stderr, /cannot be written \(EROFS\): the disk is mounted read-only/)
    const { status, first: one } = await imported(disk)
    assert.deepEqual([status, one.state], [0, 'imported'])
    assert.ok(existsSync(join(fleet.folderOf('primary'), 'store', first)))
  })
})
