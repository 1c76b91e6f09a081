/**
 * One release behind or ahead works: the tree of before runs beside this one, in both directions. Members of a pair are of
 * different releases, and so are the Service Center and its agents; a patch comes to all of them and is installed pair by
 * pair.
 */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { Daemon, LAUNCHER } from '../../simulator/processes/daemon.ts'
import { writeControlledBundle } from '../support/controlled-bundle.ts'
import { DEADLINE, eventually } from '../support/eventually.ts'

const run = promisify(execFile)
/** The last tree whose agents knew of no other releases. */
const BEFORE = '6a723e8'
const ROOT = path.dirname(LAUNCHER)
const PATCH = 'between-releases'

type Release = 'before' | 'this'
type Member = { readonly name: string; readonly release: Release; readonly place: readonly string[] }

let folder: string
/** Drops the launcher that a daemon is started with, and takes that of before. */
let wrapper: string
const daemons: Daemon[] = []

const { status } = spawnSync('git', ['cat-file', '-e', `${BEFORE}^{commit}`], { cwd: ROOT })
const skip = status === 0 ? false : `the history of this checkout does not go back to ${BEFORE}`

before(async () => {
  if (skip !== false) return
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-release-before-'))
  const tree = path.join(folder, 'tree')
  await mkdir(tree)
  await run('sh', ['-c', `git archive ${BEFORE} | tar -x -C "$0"`, tree], { cwd: ROOT })
  await symlink(path.join(ROOT, 'node_modules'), path.join(tree, 'node_modules'))
  wrapper = path.join(folder, 'before')
  await writeFile(wrapper, `#!/bin/sh\nshift\nexec '${tree}/patchmesh' "$@"\n`)
  await chmod(wrapper, 0o755)
})
after(async () => {
  await Promise.all(daemons.map((daemon) => daemon.stop()))
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
})

function start(release: Release, name: string, args: readonly string[]): Daemon {
  const enter = release === 'before' ? [wrapper] : []
  const daemon = Daemon.start({ name, args, enter, logFile: path.join(folder, `${name}.log`) })
  daemons.push(daemon)
  return daemon
}

async function command(release: Release, ...words: string[]): Promise<string> {
  const [program, ...rest] = release === 'before' ? [wrapper, LAUNCHER, ...words] : [LAUNCHER, ...words]
  return (await run(program ?? '', rest)).stdout.trim()
}

/** Everything that a fleet does with a patch; `named` keeps the folders of two fleets apart. */
async function install(center: Release, members: readonly Member[], named: string): Promise<void> {
  const data = path.join(folder, `${named}-center`)
  const serviceCenter = start(center, `${named}-center`, [
    ...['controller', '--data', data, '--http', '127.0.0.1:0', '--mesh', '/ip4/127.0.0.1/tcp/0'],
  ])
  const url = (await serviceCenter.ready()).get('http') ?? ''
  const access = ['--server', url, '--api-token', await command(center, 'api-token', '--data', data)]
  for (const { name, release, place } of members) {
    const own = path.join(folder, `${named}-${name}`)
    await mkdir(path.join(own, 'root'), { recursive: true })
    const token = await command(center, 'enroll-token', '--data', data, ...place, '--name', name)
    await start(release, `${named}-${name}`, [
      ...['agent', '--data', own, '--install-root', path.join(own, 'root')],
      ...['--listen', '/ip4/127.0.0.1/tcp/0', '--token', token],
    ]).ready()
  }
  const out = path.join(folder, `${named}.patch`)
  await writeControlledBundle({ out, name: PATCH, waits: false, restart: 'service' })
  await command(center, 'patches', 'upload', out, ...access)
  await eventually('it is replicated', async () => {
    const [patch] = JSON.parse(await command(center, 'patches', 'list', '--json', ...access))
    return patch.replications.complete === 2
  })
  const scope = ['--organization', 'Provider', '--organization', 'Acme']
  await command(center, 'installs', 'start', `${PATCH}@1.0.0`, ...scope, '--yes', ...access)
  await eventually('it is installed', async () => {
    const [one] = JSON.parse(await command(center, 'installs', 'list', '--json', ...access))
    assert.ok(one.state !== 'halted', JSON.stringify(one))
    return one.state === 'done'
  })
  for (const { name } of members) {
    const file = path.join(folder, `${named}-${name}/root/opt/${PATCH}/version`)
    assert.equal((await readFile(file, 'utf8')).trim(), '1.0.0')
  }
}

function pairs(releases: Readonly<Record<'primary' | 'secondary', Release>>): Member[] {
  const depot = ['--data-center', 'Paris', '--organization', 'Provider', '--kind', 'service-provider']
  const tenant = ['--data-center', 'Paris', '--organization', 'Acme', '--kind', 'tenant']
  return (['primary', 'secondary'] as const).flatMap((role) => [
    { name: `depot-${role}`, release: releases[role], place: [...depot, '--role', role] },
    { name: `acme-${role}`, release: releases[role], place: [...tenant, '--role', role] },
  ])
}

describe('beside the release before', { skip, ...DEADLINE }, () => {
  test('this Service Center, with members of a pair of both releases', async () => {
    await install('this', pairs({ primary: 'before', secondary: 'this' }), 'mixed')
  })

  test('a Service Center of before, with agents of this release', async () => {
    await install('before', pairs({ primary: 'this', secondary: 'this' }), 'behind')
  })

  test('a Service Center of before, with a pair in which this release is the primary', async () => {
    await install('before', pairs({ primary: 'this', secondary: 'before' }), 'other')
  })
})
