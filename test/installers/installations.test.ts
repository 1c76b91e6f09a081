/**
 * How the shell carries out what the core wants of an installer: real bundles with real programs in real folders, and
 * the events that come back. Cleaning up decides nothing, a bug is no outcome, and nothing that fails is lost.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, test } from 'node:test'
import type { AgentEvent } from '../../agent/core/events.ts'
import { OperatorChecks } from '../../agent/shell/checks/operator-checks.ts'
import { EventLoop } from '../../agent/shell/event-loop.ts'
import { ifThere } from '../../agent/shell/if-there.ts'
import { Installations, type InstallEffect } from '../../agent/shell/installations.ts'
import { outcomeOf, succeeded } from '../../agent/shell/installers/outcomes.ts'
import { KeptPackages } from '../../agent/shell/kept-packages.ts'
import { removeTree } from '../../agent/shell/remove-tree.ts'
import { Scratch } from '../../agent/shell/scratch.ts'
import { SwitchoverHooks } from '../../agent/shell/switchover-hooks.ts'
import { assert as assertInvariant, isBug } from '../../protocol/assert.ts'
import { Manifest } from '../../protocol/bundle/manifest.ts'
import type { Sha256 } from '../../protocol/identifiers.ts'
import type { Publication } from '../../protocol/trust/statements.ts'
import { bundleFixture, bundleManifest } from '../support/bundle-fixtures.ts'
import { eventually } from '../support/eventually.ts'
import { publicationOf } from '../support/publications.ts'

const INSTALLS = 'mkdir -p "$PATCHMESH_ROOT/opt/fixture"; echo 1.0.0 > "$PATCHMESH_ROOT/opt/fixture/version"'
/** A tree whose paths are longer than 4096 bytes: each turn puts what is there into one folder more. */
const DEEP =
  'name=$(printf "d%.0s" $(seq 200)); mkdir top; for turn in $(seq 40); do mkdir outer; mv top outer/$name; mv outer top; done'

let folder: string
let warnings: string[]
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchmesh-installations-'))
  warnings = []
})
afterEach(() => removeTree(folder))

const log = { warn: (_: Record<string, unknown>, line: string) => void warnings.push(line) }

async function bundle(install: string, script?: string): Promise<Publication> {
  const file = join(folder, 'fixture.patch')
  const revert = script === undefined ? 'none' : { script: 'revert' }
  const manifest = { ...bundleManifest(), install: { program: 'install', timeoutSeconds: 600 }, revert }
  const programs = { install, ...(script === undefined ? {} : { revert: script }) }
  const payload = Object.entries(programs).map(([name, text]) => {
    return { name: `payload/${name}`, mode: 0o755, content: `#!/bin/sh\nset -eu\n${text}\n` }
  })
  await writeFile(file, bundleFixture({ manifest, payload }))
  return publicationOf(file, 'bundle', Manifest.omit({ payload: true }).parse(manifest))
}

/** What the shell of an agent has around it; each effect is answered by its event, or ends the process with an error. */
function agentShell(store = { pathOf: () => join(folder, 'fixture.patch') }) {
  const { promise: crashed, resolve: fail } = Promise.withResolvers<unknown>()
  let told: (event: AgentEvent) => void = ({ kind }) => assert.equal(kind, 'surveyed', 'nobody has asked')
  const loop = new EventLoop<AgentEvent, never>({
    step: (event) => {
      told(event)
      return []
    },
    perform: () => undefined,
    fail,
  })
  const scratch = new Scratch(join(folder, 'install'), log)
  const { deliver, follow } = loop
  const kept = new KeptPackages({ folder: join(folder, 'kept-packages'), stored: () => [], pathOf: store.pathOf })
  const installRoot = join(folder, 'root')
  const root = installRoot
  const checks = new OperatorChecks({ checks: [], folder: join(folder, 'checks'), root })
  const hooks = new SwitchoverHooks({ switchover: null, folder: join(folder, 'switchover'), root })
  const options = { store, kept, installRoot, publishers: () => [], scratch, checks, hooks, log, deliver, follow }
  const installations = new Installations(options)
  return {
    scratch,
    crashed,
    begin: (effect: InstallEffect) => installations.perform(effect),
    perform(effect: InstallEffect): Promise<AgentEvent> {
      return new Promise((resolve) => {
        told = (event) => {
          if (event.kind !== 'surveyed') resolve(event)
        }
        installations.perform(effect)
      })
    },
  }
}

type Shell = ReturnType<typeof agentShell>

async function run(shell: Shell, step: 'install' | 'verify' | 'revert', publication: Publication) {
  const event = await shell.perform({ kind: 'run-step', step, publication })
  assert.ok(event.kind === 'step-ended')
  return event.outcome
}

describe('an install that leaves what cannot be removed', () => {
  /** A tree that is too deep, and in the way of taking it apart a file, which is given: once it goes, all can go. */
  async function leftovers(shell: Shell, publication: Publication): Promise<string> {
    const scratch = shell.scratch.folderOf(publication.sha256)
    execFileSync('sh', ['-c', DEEP], { cwd: scratch })
    await writeFile(`${scratch}.flat`, '')
    return `${scratch}.flat`
  }

  test('has not failed: the version is there, and the log says that its working folder stays', async () => {
    const publication = await bundle(INSTALLS)
    const shell = agentShell()
    assert.ok((await run(shell, 'install', publication)).ok)
    await leftovers(shell, publication)
    const { ok, reason } = await run(shell, 'verify', publication)
    assert.ok(ok, reason)
    shell.begin({ kind: 'tidy', publication })
    await eventually('it is logged', () => warnings.length > 0)
    assert.deepEqual(warnings, ['a working folder cannot be removed: tried again later'])
    assert.notEqual(await ifThere(readdir(shell.scratch.folderOf(publication.sha256))), null)
  })

  test('is put back all the same when it has failed, and the report says that its working folder stays', async () => {
    const publication = await bundle('exit 1', 'rm -rf "$PATCHMESH_ROOT/opt/fixture"')
    const shell = agentShell()
    assert.equal((await run(shell, 'install', publication)).ok, false)
    await leftovers(shell, publication)
    const { ok, reason } = await run(shell, 'revert', publication)
    assert.ok(ok, reason)
    assert.match(
      reason,
      /^no version is there, as before; its working folder .* could not be removed and is tried again later: /,
    )
  })

  test('is cleared before the next install, and at the next start, but for what an order still needs', async () => {
    const publication = await bundle(INSTALLS)
    const shell = agentShell()
    await run(shell, 'install', publication)
    const inTheWay = await leftovers(shell, publication)
    shell.begin({ kind: 'tidy', publication })
    await eventually('it is logged', () => warnings.length > 0)
    await rm(inTheWay)
    const other = 'b'.repeat(64) as Sha256
    await shell.scratch.provide(other)
    assert.deepEqual(await readdir(join(folder, 'install')), [other])

    const needed = 'c'.repeat(64) as Sha256
    await shell.scratch.provide(needed)
    await writeFile(join(folder, 'install', 'of-an-older-release'), '')
    await new Scratch(join(folder, 'install'), log).clear((patch) => patch === needed)
    assert.deepEqual(await readdir(join(folder, 'install')), [needed])
  })

  test('does not keep an agent from starting', async () => {
    const publication = await bundle(INSTALLS)
    const shell = agentShell()
    await run(shell, 'install', publication)
    await leftovers(shell, publication)
    await new Scratch(join(folder, 'install'), log).clear(() => false)
    assert.equal(warnings.length, 1)
  })
})

test('a program that leaves folders deeper than a path may be long is installed, and they go', async () => {
  const publication = await bundle(`${INSTALLS}; ${DEEP}`)
  const shell = agentShell()
  assert.ok((await run(shell, 'install', publication)).ok)
  await assert.rejects(rm(shell.scratch.folderOf(publication.sha256), { recursive: true }), { code: 'ENAMETOOLONG' })
  const { ok, reason } = await run(shell, 'verify', publication)
  assert.ok(ok, reason)
  shell.begin({ kind: 'tidy', publication })
  await eventually('they are gone', async () => (await readdir(join(folder, 'install'))).length === 0)
  assert.deepEqual(warnings, [])
})

test('a second try of a patch starts from a clean folder, however deep the first one went', async () => {
  const publication = await bundle(`${DEEP}; exit 75`)
  const shell = agentShell()
  for (const tries of [1, 2]) {
    const { temporary, reason } = await run(shell, 'install', publication)
    assert.ok(temporary, `try ${tries}: ${reason}`)
  }
})

test('a tree is removed without following links out of it', async () => {
  const tree = join(folder, 'tree')
  await mkdir(join(folder, 'outside'))
  await writeFile(join(folder, 'outside', 'kept'), '')
  await mkdir(tree)
  execFileSync('sh', ['-c', `ln -s ../outside link; ${DEEP}; ln -s / root`], { cwd: tree })
  await removeTree(tree)
  assert.equal(await ifThere(readdir(tree)), null)
  assert.deepEqual(await readdir(join(folder, 'outside')), ['kept'])
  await removeTree(tree)
})

describe('a broken invariant of this program', () => {
  /** The agent has ended with it. */
  function isTheBug(ended: unknown): void {
    assert.ok(ended instanceof assert.AssertionError, String(ended))
    assert.equal(ended.message, 'broken invariant: the store knows this patch')
  }
  const broken = {
    pathOf(): never {
      return assertInvariant(false, 'the store knows this patch') as never
    },
  }

  for (const kind of ['judge', 'detect', 'settle'] as const) {
    test(`ends the agent under ${kind}, and is no answer`, async () => {
      const publication = await bundle(INSTALLS)
      const shell = agentShell(broken)
      const answer = shell.perform({ kind, publication })
      isTheBug(await Promise.race([shell.crashed, answer]))
    })
  }

  for (const step of ['install', 'verify', 'revert'] as const) {
    test(`ends the agent under ${step}, and is no outcome`, async () => {
      const publication = await bundle(INSTALLS)
      const shell = agentShell(broken)
      const answer = shell.perform({ kind: 'run-step', step, publication })
      isTheBug(await Promise.race([shell.crashed, answer]))
    })
  }

  test('is told from what the machine refuses, which is an outcome in words', async () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
    const failing = () => Promise.reject(new Error('the copy could not be made', { cause: full }))
    assert.deepEqual(await outcomeOf(failing, 'the install step'), {
      ...succeeded('the install step: the copy could not be made: ENOSPC: no space left on device'),
      ok: false,
    })
    for (const thrown of [new assert.AssertionError({ message: 'no' }), 'a text', undefined]) {
      assert.ok(isBug(thrown))
      await assert.rejects(
        outcomeOf(() => Promise.reject(thrown)),
        (error) => error === thrown,
      )
    }
  })
})

test('work beside the loop that fails with nobody waiting ends the process through the log', async () => {
  const { promise: crashed, resolve: fail } = Promise.withResolvers<unknown>()
  const loop = new EventLoop<never, never>({ step: () => [], perform: () => undefined, fail })
  const error = new Error('nobody waits for this')
  loop.follow(Promise.reject(error))
  assert.equal(await crashed, error)
})

test('a promise that nobody awaits ends the daemon with a line in its log', async () => {
  const program = `
    const { crashing } = await import('./agent/shell/daemon-command.ts')
    const { openLog } = await import('./agent/shell/log.ts')
    crashing(openLog('agent', 'info'), 'agent')
    setInterval(() => {}, 1000)
    void Promise.reject(new Error('lost on the way'))`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program])
  const [stderr, [status]] = await Promise.all([text(child.stderr), once(child, 'exit')])
  assert.equal(status, 1)
  const [line = ''] = stderr.split('\n').filter((one) => one.startsWith('{'))
  assert.partialDeepStrictEqual(JSON.parse(line), {
    level: 60,
    msg: 'the agent stops',
    err: { message: 'lost on the way' },
  })
})
