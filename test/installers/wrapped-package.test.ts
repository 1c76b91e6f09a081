/**
 * Debian packages that came inside of a bundle, and packages whose control files are written as few tools write them,
 * installed by the real dpkg into roots of their own.
 */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import type { InstallTask, Outcome } from '../../agent/shell/installers/installer.ts'
import { installerFor } from '../../agent/shell/installers/installer-for.ts'
import { KeptPackages } from '../../agent/shell/kept-packages.ts'
import { releaseWrap } from '../../controller/cli/release-wrap.ts'
import { checkedHead } from '../../controller/cli/sign-bundle.ts'
import type { Terminal } from '../../controller/cli/terminal.ts'
import { inspectPatch } from '../../controller/shell/intake/inspect-patch.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import { chunked } from '../support/chunked-bytes.ts'
import { arArchive, debianMembers } from '../support/debian-fixtures.ts'
import { publicationOf } from '../support/publications.ts'
import { buildPackage, cannotInstall, copyOf } from '../support/real-packages.ts'
import type { TarFixture } from '../support/tar-fixtures.ts'

const silent = () => undefined
const SILENT: Terminal = {
  print: silent,
  tell: silent,
  redraw: silent,
  clear: () => undefined,
  redraws: false,
  ask: async () => null,
}

describe('A Debian package', { skip: cannotInstall() }, () => {
  const folders: string[] = []
  after(async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true })
  })

  async function newFolder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'patchmesh-wrapped-'))
    folders.push(folder)
    return folder
  }

  /** The task of a package that is wrapped, for a new root or that of another. */
  async function wrappedTask(packageFile: string, root?: string): Promise<InstallTask> {
    const folder = await newFolder()
    const bundle = join(folder, 'wrapped.patch')
    assert.equal(await releaseWrap.run([packageFile, '--out', bundle], SILENT), 0)
    const task = {
      publication: await publicationOf(bundle, 'bundle', (await checkedHead(bundle)).manifest),
      file: await copyOf(bundle, join(folder, 'stored')),
      root: root ?? join(folder, 'root'),
      scratch: join(folder, 'scratch'),
    }
    await mkdir(task.root, { recursive: true })
    await mkdir(task.scratch)
    return task
  }

  test('F12: in a bundle is installed, detected, verified and taken back by dpkg, as a bare one', async () => {
    const folder = await newFolder()
    const task = await wrappedTask(await buildPackage(folder, { name: 'sample', version: '1:1.0-1' }))
    const { detect, install, verify, revert } = installerFor(task.publication)
    assert.equal((await detect(task)).result, 'applicable')
    succeeds(await install(task))
    succeeds(await verify(task))
    assert.deepEqual(await found(task), ['installed', '1:1.0-1'])
    assert.deepEqual(
      (await readdir(task.scratch)).filter((name) => name.endsWith('.patch')),
      [],
      'no second copy stays',
    )
    succeeds(await revert(task))
    assert.deepEqual(await found(task), ['applicable', null])
  })

  test('F12: in a bundle, an older version never goes over a newer one', async () => {
    const folder = await newFolder()
    const newer = await wrappedTask(await buildPackage(folder, { name: 'sample', version: '2.0' }))
    succeeds(await installerFor(newer.publication).install(newer))
    const older = await wrappedTask(await buildPackage(folder, { name: 'sample', version: '1.0' }), newer.root)
    assert.deepEqual(await found(older), ['installed', '2.0'])
    const outcome = await installerFor(older.publication).install(older)
    assert.equal(outcome.ok, false)
    assert.match(outcome.reason, /installing 1.0 would go back/)
  })

  test('F12: in a bundle that was exchanged in the store is not given to dpkg', async () => {
    const folder = await newFolder()
    const task = await wrappedTask(await buildPackage(folder, { name: 'sample', version: '1.0' }))
    await writeFile(task.file, Buffer.alloc(task.publication.bytes))
    const outcome = await installerFor(task.publication).install(task)
    assert.equal(outcome.ok, false)
    assert.match(outcome.reason, /the stored copy of sample 1.0 has changed/)
    assert.deepEqual(await found(task), ['applicable', null])
  })

  test('F12: a bundle that was kept brings the version in it back, also of a name with underscores', async () => {
    const folder = await newFolder()
    const made = async (version: string, scripts: readonly TarFixture[] = []) => {
      const lines = ['Package: Way_Back', `Version: ${version}`, 'Architecture: all', 'Maintainer: x', 'Description: x']
      const control = [{ name: './control', content: `${lines.join('\n')}\n` }, ...scripts]
      const file = join(folder, `${version}.deb`)
      await writeFile(file, arArchive(debianMembers({ control })))
      return file
    }
    const first = await wrappedTask(await made('1'))
    succeeds(await installerFor(first.publication).install(first))
    const kept = new KeptPackages({ folder: join(folder, 'kept'), stored: () => [], pathOf: () => first.file })
    await kept.keep(first.publication)
    const failing = { name: './postinst', content: '#!/bin/sh\nexit 1\n', mode: 0o755 }
    const second = { ...(await wrappedTask(await made('2', [failing]), first.root)), earlier: kept.find }
    const { install, revert } = installerFor(second.publication)
    assert.equal((await install(second)).ok, false)
    succeeds(await revert(second))
    assert.deepEqual(await found(first), ['installed', '1'])
  })

  const WRITTEN: Readonly<Record<string, string>> = {
    'with capitals in its name': 'Package: Sample_One\nVersion: 1.0\n',
    'with a name of one letter': 'Package: S\nVersion: 1.0\n',
    'with line ends of DOS': 'Package: sample\r\nVersion: 1.0\r\n',
    'with an empty first line and blanks before a colon': '\nPackage : sample\nVersion : 1.0\n',
    'with an epoch of zero': 'Package: sample\nVersion: 0:1.0\n',
    'with a Revision field': 'Package: sample\nVersion: 1.0\nRevision: 7\n',
  }
  for (const [how, lines] of Object.entries(WRITTEN)) {
    test(`Y2: ${how} is found again after it was installed`, async () => {
      const folder = await newFolder()
      const content = `${lines}Architecture: all\nMaintainer: J\xf6rg\nInstalled-Size: 12.5\nDescription: by a test\n`
      const control = [{ name: './control', content: Buffer.from(content, 'latin1') }]
      const bytes = arArchive(debianMembers({ control }))
      const inspected = await inspectPatch(chunked(bytes))
      assert.ok(!isRefusal(inspected) && inspected.format === 'deb', JSON.stringify(inspected))
      const file = join(folder, 'package.deb')
      await writeFile(file, bytes)
      const publication = await publicationOf(file, 'deb', inspected.draft)
      const task = { publication, file, root: join(folder, 'root'), scratch: join(folder, 'scratch') }
      await mkdir(task.root)
      succeeds(await installerFor(publication).install(task))
      succeeds(await installerFor(publication).verify(task))
      assert.deepEqual(await found(task), ['installed', publication.version])
      succeeds(await installerFor(publication).revert(task))
      assert.deepEqual(await found(task), ['applicable', null])
    })
  }
})

async function found(task: InstallTask): Promise<[result: string, version: string | null]> {
  const { result, installedVersion } = await installerFor(task.publication).detect(task)
  return [result, installedVersion]
}

function succeeds(outcome: Outcome): void {
  assert.ok(outcome.ok, `${outcome.reason}\n${outcome.output}`)
}
