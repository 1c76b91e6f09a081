/**
 * Hooks of a planned switchover with real programs: how each end is told, and what becomes of one that outlives its agent.
 */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { livingProcess } from '../../agent/shell/installers/process-tree.ts'
import { Switchover, SwitchoverHooks } from '../../agent/shell/switchover-hooks.ts'
import { eventually } from '../support/eventually.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'patchmesh-hooks-'))
})
after(() => rm(folder, { recursive: true, force: true }))

/** The hook that gives up service does what the shell text says, in a folder of its own for its note. */
async function hooks(name: string, text: string, timeoutSeconds = 60): Promise<SwitchoverHooks> {
  const program = join(folder, name)
  await writeFile(program, `#!/bin/sh\n${text}\n`, { mode: 0o755 })
  const switchover = Switchover.parse({ release: { program, arguments: ['over to', 'the peer'], timeoutSeconds } })
  return new SwitchoverHooks({ switchover, folder: join(folder, `${name}.notes`), root: folder })
}

test('a hook that ends with 0 went well, and got its arguments and the root', async () => {
  const outcome = await (await hooks('well', 'printf "%s|" "$@" "$PATCHMESH_ROOT"')).run('release')
  assert.deepEqual(outcome, {
    ...{ ok: true, temporary: false, output: `over to|the peer|${folder}|` },
    reason: `${join(folder, 'well')}, which gives up service, ended well`,
  })
})

test('a hook that ends otherwise has failed, with its status and what it said', async () => {
  const outcome = await (await hooks('badly', 'echo the peer is away >&2; exit 75')).run('release')
  assert.equal(outcome.ok, false)
  assert.match(outcome.reason, /badly, which gives up service, ended with status 75$/)
  assert.equal(outcome.output, 'the peer is away\n')
})

test('a hook that hangs is ended after its time with all that it has started', async () => {
  const text = `trap "" TERM; setsid sh -c 'echo $$ > ${folder}/far; exec sleep 600' & while :; do sleep 1; done`
  const outcome = await (await hooks('hangs', text, 1)).run('release')
  assert.equal(outcome.ok, false)
  assert.match(outcome.reason, /did not end within 1 s and was killed with everything it had started$/)
  assert.equal(livingProcess(Number(await readFile(join(folder, 'far'), 'utf8'))), null)
})

test('a hook that nobody has named, and one whose program is not there, have failed', async () => {
  const none = await (await hooks('one', 'true')).run('takeBack')
  assert.deepEqual([none.ok, none.reason], [false, 'no hook is named that takes service back'])
  const gone = Switchover.parse({ release: { program: join(folder, 'nowhere') } })
  const outcome = await new SwitchoverHooks({ switchover: gone, folder: join(folder, 'n'), root: folder }).run(
    'release',
  )
  assert.equal(outcome.ok, false)
  assert.match(outcome.reason, /nowhere, which gives up service, ended with status 12[67]$/)
})

test('where no hook ever ran there is nothing to wait for, and nothing is written', async () => {
  const nobody = new SwitchoverHooks({ switchover: null, folder: join(folder, 'never'), root: folder })
  await nobody.settle()
  await assert.rejects(readFile(join(folder, 'never')), { code: 'ENOENT' })
})

test('a hook of an agent that is gone is waited for by the next one', async () => {
  const text = `echo $$ > ${folder}/pid; while [ ! -e ${folder}/go ]; do sleep 0.05; done; echo over > ${folder}/over`
  const running = await hooks('outlives', text)
  const first = running.run('release')
  await eventually('it runs', async () => (await readFile(join(folder, 'pid'), 'utf8')).endsWith('\n'))
  // The next agent reads the note in the folder, as one that was started anew does.
  const next = await hooks('outlives', text)
  const settled = next.settle()
  await writeFile(join(folder, 'go'), '')
  await settled
  assert.equal(await readFile(join(folder, 'over'), 'utf8'), 'over\n')
  assert.equal((await first).ok, true)
})
