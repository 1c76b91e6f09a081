/**
 * Releases of the agent for tests: the real code under another version, as the Debian package that an appliance gets, but
 * without the hundred megabytes of Node, for which the one that runs stands in. Some have a flaw.
 */
import { execFile } from 'node:child_process'
import { copyFile, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { bundleSources, ROOT } from '../../controller/package/bundle-sources.ts'
import { AGENT_PACKAGE } from '../../protocol/bundle/manifest.ts'
import { provide } from './machine.ts'

const run = promisify(execFile)

/** What is wrong with a release: it ends at once, it never serves, or it serves and nobody hears of it. */
export type Flaw = 'crashes' | 'hangs' | 'is mute'

/** Writes `patchmesh-agent_VERSION_all.deb` into `out`. */
export async function agentRelease(out: string, version: string, flaw?: Flaw): Promise<string> {
  await provide('dpkg-deb')
  const tree = path.join(out, `tree-${version}`)
  const home = path.join(tree, 'usr/lib', AGENT_PACKAGE)
  await mkdir(home, { recursive: true })
  const lib = path.join(home, 'lib')
  await bundleSources(lib, ['agent/main'], version)
  await copyFile(path.join(ROOT, 'patchmesh'), path.join(home, 'patchmesh'))
  await writeFile(path.join(home, 'package.json'), JSON.stringify({ name: AGENT_PACKAGE, version, type: 'module' }))
  if (flaw !== undefined) await spoil(lib, flaw)
  const control = [
    `Package: ${AGENT_PACKAGE}`,
    `Version: ${version}`,
    'Architecture: all',
    'Maintainer: Somebody <somebody@example.org>',
    'Description: an agent',
    '',
  ]
  await mkdir(path.join(tree, 'DEBIAN'))
  await writeFile(path.join(tree, 'DEBIAN/control'), control.join('\n'))
  const file = path.join(out, `${AGENT_PACKAGE}_${version}_all.deb`)
  await run('dpkg-deb', ['--root-owner-group', '-Znone', '--build', tree, `${file}.new`])
  await rename(`${file}.new`, file)
  return file
}

async function spoil(lib: string, flaw: Flaw): Promise<void> {
  if (flaw === 'is mute') {
    for (const name of await readdir(lib)) {
      if (!name.endsWith('.js')) continue
      const text = await readFile(path.join(lib, name), 'utf8')
      await writeFile(path.join(lib, name), text.replaceAll('/patchmesh/control/', '/patchmesh/nobody/'))
    }
    return
  }
  const program = flaw === 'crashes' ? 'process.exit(3)\n' : 'setInterval(() => undefined, 1000)\n'
  await writeFile(path.join(lib, 'agent/main.js'), program)
}
