/**
 * Every state that dpkg can leave a package in, made by the real dpkg in a small root, and what each question about it
 * has to answer. Scripts of these packages run outside the root, since they do nothing but end.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { allPackageStates, makeDatabase, packageStates } from '../../agent/shell/installers/debian/dpkg-database.ts'
import {
  canBeConfigured,
  describeState,
  instanceFor,
  isHeld,
  isInOrder,
  isInstalled,
  isThere,
  lastWorkingVersion,
  leftConfigurationFiles,
  lettersOf,
  type PackageState,
  readPackageStates,
} from '../../agent/shell/installers/debian/package-state.ts'
import { cannotInstall } from '../support/real-packages.ts'

/** What a step does: words for dpkg, or a selection to set. */
type Step = readonly string[] | { readonly select: string }

type Row = {
  readonly letters: string | null
  readonly made: readonly Step[]
  readonly installed?: true
  readonly inOrder?: true
  readonly there?: true
  readonly configurable?: true
  readonly held?: true
  readonly removed?: true
  readonly worked?: string
  readonly says: RegExp
}

const install = (file: string): Step => ['--install', file]
const select = (want: string): Step => ({ select: want })
const remove: Step = ['--remove', 'p']

const ROWS: Readonly<Record<string, Row>> = {
  'never heard of': { letters: null, made: [], says: /^p is not installed$/ },
  'a first install whose preinst failed leaves no more than a wish': {
    letters: 'in',
    made: [install('p_1_preinst')],
    says: /^p is not installed$/,
  },
  'a first install that was killed in its preinst was never there': {
    letters: 'iHR',
    made: [install('p_1_killed')],
    there: true,
    says: /^p 1 is half installed \(iHR\)$/,
  },
  'unpacked for the first time': {
    letters: 'iU',
    made: [['--unpack', 'p_1_good']],
    there: true,
    configurable: true,
    says: /^p 1 is unpacked but not configured \(iU\)$/,
  },
  'unpacked and on hold': {
    letters: 'hU',
    made: [['--unpack', 'p_1_good'], select('hold')],
    there: true,
    configurable: true,
    held: true,
    says: /\(hU\)$/,
  },
  'a first install whose postinst failed': {
    letters: 'iF',
    made: [install('p_1_postinst')],
    there: true,
    configurable: true,
    says: /^p 1 is half configured \(iF\)$/,
  },
  installed: {
    letters: 'ii',
    made: [install('p_1_good')],
    installed: true,
    inOrder: true,
    there: true,
    worked: '1',
    says: /^p 1 is installed$/,
  },
  'on hold': {
    letters: 'hi',
    made: [install('p_1_good'), select('hold')],
    installed: true,
    inOrder: true,
    there: true,
    held: true,
    worked: '1',
    says: /^p 1 is installed and on hold$/,
  },
  'marked to be removed': {
    letters: 'ri',
    made: [install('p_1_good'), select('deinstall')],
    inOrder: true,
    there: true,
    worked: '1',
    says: /^p 1 is installed, and marked to be removed \(ri\)$/,
  },
  'marked to be purged': {
    letters: 'pi',
    made: [install('p_1_good'), select('purge')],
    inOrder: true,
    there: true,
    worked: '1',
    says: /\(pi\)$/,
  },
  'a removal that its prerm refused': {
    letters: 'ri',
    made: [install('p_1_prerm'), remove],
    inOrder: true,
    there: true,
    worked: '1',
    says: /\(ri\)$/,
  },
  'a removal whose postrm failed': {
    letters: 'rH',
    made: [install('p_1_postrm'), remove],
    there: true,
    worked: '1',
    says: /half installed \(rH\)$/,
  },
  'a purge whose postrm failed': {
    letters: 'pH',
    made: [install('p_1_postrm'), ['--purge', 'p']],
    there: true,
    worked: '1',
    says: /half installed \(pH\)$/,
  },
  removed: {
    letters: 'rc',
    made: [install('p_1_good'), remove],
    removed: true,
    says: /^p is removed, and its configuration files are kept \(rc\)$/,
  },
  'removed and to be purged': {
    letters: 'pc',
    made: [install('p_1_good'), remove, select('purge')],
    removed: true,
    says: /\(pc\)$/,
  },
  'removed and on hold': {
    letters: 'hc',
    made: [install('p_1_good'), remove, select('hold')],
    removed: true,
    held: true,
    says: /\(hc\)$/,
  },
  'removed and wanted again': {
    letters: 'ic',
    made: [install('p_1_good'), remove, select('install')],
    removed: true,
    says: /\(ic\)$/,
  },
  purged: { letters: null, made: [install('p_1_good'), ['--purge', 'p']], says: /^p is not installed$/ },
  'an upgrade whose preinst failed': {
    letters: 'ii',
    made: [install('p_1_good'), install('p_2_preinst')],
    installed: true,
    inOrder: true,
    there: true,
    worked: '1',
    says: /^p 1 is installed$/,
  },
  'an upgrade that was killed in its preinst': {
    letters: 'iHR',
    made: [install('p_1_good'), install('p_2_killed')],
    there: true,
    worked: '1',
    says: /^p 1 is half installed \(iHR\)$/,
  },
  'an upgrade that was only unpacked': {
    letters: 'iU',
    made: [install('p_1_good'), ['--unpack', 'p_2_good']],
    there: true,
    configurable: true,
    worked: '1',
    says: /^p 2 is unpacked but not configured \(iU\)$/,
  },
  'an upgrade whose postinst failed': {
    letters: 'iF',
    made: [install('p_1_good'), install('p_2_postinst')],
    there: true,
    configurable: true,
    worked: '1',
    says: /^p 2 is half configured \(iF\)$/,
  },
  'and then was killed when it was tried again': {
    letters: 'iHR',
    made: [install('p_1_good'), install('p_2_postinst'), install('p_2_killed')],
    there: true,
    worked: '1',
    says: /^p 2 is half installed \(iHR\)$/,
  },
  'a failed upgrade that was removed': {
    letters: 'rc',
    made: [install('p_1_good'), install('p_2_postinst'), remove],
    removed: true,
    says: /\(rc\)$/,
  },
  'waiting for the triggers of another': {
    letters: 'iW',
    made: [install('w_1_good'), ['--no-triggers', '--install', 'p_1_good']],
    there: true,
    configurable: true,
    worked: '1',
    says: /^p 1 waits for triggers of w \(iW\)$/,
  },
}

describe('The state of a package', { skip: cannotInstall() }, () => {
  let folder = ''
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'patchmesh-states-'))
    await build({ file: 'p_1_good', version: '1' })
    await build({ file: 'p_2_good', version: '2' })
    await build({ file: 'w_1_good', name: 'w', version: '1', triggers: 'interest /opt/p' })
    await build({ file: 'w_1_failing', name: 'w', version: '1', script: 'postinst', triggers: 'interest /opt/p' })
    for (const script of ['preinst', 'postinst', 'prerm', 'postrm'] as const) {
      await build({ file: `p_1_${script}`, version: '1', script })
    }
    for (const script of ['preinst', 'postinst'] as const) await build({ file: `p_2_${script}`, version: '2', script })
    for (const version of ['1', '2'])
      await build({ file: `p_${version}_killed`, version, script: 'preinst', kills: true })
  })
  after(() => rm(folder, { recursive: true }))

  for (const [title, row] of Object.entries(ROWS)) {
    test(`${title}: ${row.letters ?? 'nothing'}`, async () => {
      const root = await rootWith(row.made)
      const state = instanceFor(await packageStates(root, 'p'), 'all')
      assert.equal(state === null ? null : lettersOf(state), row.letters)
      assert.deepEqual(
        {
          installed: isInstalled(state),
          inOrder: isInOrder(state),
          there: isThere(state),
          configurable: canBeConfigured(state),
          held: isHeld(state),
          removed: leftConfigurationFiles(state),
          worked: lastWorkingVersion(state),
        },
        {
          installed: row.installed === true,
          inOrder: row.inOrder === true,
          there: row.there === true,
          configurable: row.configurable === true,
          held: row.held === true,
          removed: row.removed === true,
          worked: row.worked ?? null,
        },
      )
      assert.match(describeState('p', state), row.says)
    })
  }

  test('X7: whose triggers wait for another is told with what it waits for, and so is the other', async () => {
    const root = await rootWith([install('w_1_good'), ['--no-triggers', '--install', 'p_1_good']])
    const waited = (await allPackageStates(root)).find(({ name }) => name === 'w')
    assert.deepEqual(waited?.pendingTriggers, ['/opt/p'])
    assert.equal(lettersOf(waited as PackageState), 'it')
    assert.equal(lastWorkingVersion(waited as PackageState), '1')
  })

  test('X7: a trigger of another package that fails leaves that one half configured, and dpkg then forgets it', async () => {
    const root = await rootWith([install('w_1_failing'), install('p_1_good')])
    const letters = async () => (await allPackageStates(root)).map((state) => `${state.name} ${lettersOf(state)}`)
    assert.deepEqual((await letters()).sort(), ['p ii', 'w iF'])
    await dpkg(root, ['--configure', '--pending'])
    assert.deepEqual((await letters()).sort(), ['p ii', 'w ii'])
  })

  test('X5: of two architectures that stand side by side only the one that is asked for counts', () => {
    const [amd64, i386] = ['amd64', 'i386'].map((architecture) => stateOf({ architecture, coexists: true }))
    assert.ok(amd64 !== undefined && i386 !== undefined)
    assert.equal(instanceFor([i386, amd64], 'amd64'), amd64)
    assert.equal(instanceFor([i386], 'amd64'), null)
  })

  test('X5: a package of another architecture that cannot stand beside the asked one would be replaced by it', () => {
    const other = stateOf({ architecture: 'i386', coexists: false })
    assert.equal(instanceFor([other], 'amd64'), other)
    assert.equal(instanceFor([{ ...other, status: 'config-files' }], 'amd64'), null)
  })

  test('a line that is no state is an error, never a guess', () => {
    for (const line of [
      'p\tall\t1\t\tinstall\thalf-done\tok\tno\t\t',
      'p\tall\t1\t\twish\tinstalled\tok\tno\t\t',
      'p',
    ]) {
      assert.throws(() => readPackageStates(line), /says of p what is no state/)
    }
  })

  function stateOf(some: Partial<PackageState>): PackageState {
    const [plain] = readPackageStates('p\tall\t1\t\tinstall\tinstalled\tok\tno\t\t')
    return { ...(plain as PackageState), ...some }
  }

  async function rootWith(steps: readonly Step[]): Promise<string> {
    const root = await mkdtemp(join(folder, 'root-'))
    await makeDatabase(root)
    for (const step of steps) {
      if ('select' in step) await dpkg(root, ['--set-selections'], `p ${step.select}\n`)
      else
        await dpkg(
          root,
          step.map((word) => (/_/.test(word) ? join(folder, `${word}.deb`) : word)),
        )
    }
    return root
  }

  /** How it ends is for the state to show. */
  function dpkg(root: string, words: readonly string[], input = ''): Promise<void> {
    const options = [`--root=${root}`, `--log=${join(folder, 'log')}`, '--force-script-chrootless', '--force-not-root']
    return new Promise((resolve) => {
      const child = execFile('dpkg', [...options, ...words], () => resolve())
      child.stdin?.end(input)
    })
  }

  type Built = {
    file: string
    name?: string
    version: string
    script?: 'preinst' | 'postinst' | 'prerm' | 'postrm'
    kills?: boolean
    triggers?: string
  }

  /** Its script fails, or kills dpkg; a package with triggers fails only when one is processed. */
  async function build({ file, name = 'p', version, script, kills = false, triggers }: Built): Promise<void> {
    const tree = join(folder, file)
    await mkdir(join(tree, 'DEBIAN'), { recursive: true })
    await mkdir(join(tree, 'opt', name), { recursive: true })
    await writeFile(join(tree, 'opt', name, 'version'), `${version}\n`)
    await mkdir(join(tree, 'etc'))
    await writeFile(join(tree, 'etc', `${name}.conf`), `${version}\n`)
    await writeFile(join(tree, 'DEBIAN/conffiles'), `/etc/${name}.conf\n`)
    const control = ['Architecture: all', 'Maintainer: Tests <tests@example.org>', 'Description: made by a test', '']
    await writeFile(join(tree, 'DEBIAN/control'), [`Package: ${name}`, `Version: ${version}`, ...control].join('\n'))
    if (triggers !== undefined) await writeFile(join(tree, 'DEBIAN/triggers'), `${triggers}\n`)
    if (script !== undefined) {
      const ends = triggers === undefined ? 'exit 1' : 'test "$1" != triggered'
      await writeFile(join(tree, 'DEBIAN', script), `#!/bin/sh\n${kills ? 'kill -9 $PPID' : ends}\n`)
      await chmod(join(tree, 'DEBIAN', script), 0o755)
    }
    await new Promise<void>((resolve, reject) => {
      execFile('dpkg-deb', ['--root-owner-group', '--build', tree, join(folder, `${file}.deb`)], (error) =>
        error === null ? resolve() : reject(error),
      )
    })
  }
})
