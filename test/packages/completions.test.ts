/**
 * What bash, zsh and fish offer behind `patchmesh`, asked of the real shells with a Service Center's API in this process.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { COMMANDS } from '../../controller/cli/commands.ts'
import { commandHelp } from '../../controller/cli/help.ts'
import { bashCompletion, fishCompletion, optionsIn, zshCompletion } from '../../controller/package/completions.ts'
import { patchmesh } from '../command-line/run-patchmesh.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { provide } from '../support/machine.ts'

const ROOT = path.join(import.meta.dirname, '../..')
const run = promisify(execFile)

let fleet: Fleet
let app: ServedApp
let folder: string
let environment: Record<string, string>
before(async () => {
  fleet = await standardFleet()
  await fleet.publish({ name: 'kernel', version: '6.1' })
  await fleet.publish({ name: 'openssl', version: '3.0' })
  await fleet.enroll({
    name: 'solo',
    organization: 'Hall & Sons',
    dataCenter: 'New York',
    kind: 'service-provider',
    role: 'primary',
  })
  await fleet.enroll({
    name: 'rack:7-left',
    organization: 'acme',
    dataCenter: 'New York',
    kind: 'tenant',
    role: 'primary',
  })
  await provide('zsh', 'fish')
  app = await serveApp(fleet)
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-completions-'))
  environment = {
    ...{ PATH: `${ROOT}:${process.env['PATH']}`, HOME: folder, TERM: 'xterm' },
    ...{ PATCHMESH_SERVER: app.url, PATCHMESH_API_TOKEN: await app.apiToken() },
  }
  const commands = Object.values(COMMANDS)
    .flat()
    .map((command) => ({ ...command, options: optionsIn(commandHelp(command).join('\n')) }))
  await writeFile(path.join(folder, 'patchmesh.bash'), bashCompletion(commands))
  await writeFile(path.join(folder, '_patchmesh'), zshCompletion(commands))
  await writeFile(path.join(folder, 'patchmesh.fish'), fishCompletion(commands))
})
after(async () => {
  await app.close()
  await fleet.close()
  await rm(folder, { recursive: true })
})

/** A name is unique once it is typed so far; then a shell completes it whole. */
const TYPED: [typed: string, whole: RegExp][] = [
  ['patches show ker', /kernel@6\.1$/],
  ['patches show kernel@', /kernel@6\.1$/],
  ['patches show kernel@6', /kernel@6\.1$/],
  ['appliances show rack:', /rack:7-left$/],
  ['appliances show rack:7', /rack:7-left$/],
  ['appliances show acme-tokyo-s', /acme-tokyo-secondary$/],
  ['appliances show paris/s', /paris\/secondary$/],
  ['installs plan kernel@6.1 --organization Hal', /--organization Hall\\ \\?&\\ Sons$/],
  ['patches show kernel@6.1 --data-center New', /--data-center New\\ York$/],
  ['patches list --output ya', /--output yaml$/],
]

describe('bash', () => {
  for (const [typed, whole] of TYPED)
    test(`completes: patchmesh ${typed}`, async () => {
      const setup = `PS1=; source ${folder}/patchmesh.bash; bind -x '"\\C-t": echo "<<$READLINE_LINE>>"'; echo REA""DY`
      assert.match(await lineAfterTab('bash --norc --noprofile -i', setup, typed), whole)
    })
})

describe('fish', () => {
  for (const [typed, whole] of TYPED)
    test(`completes: patchmesh ${typed}`, async () => {
      const script = `source ${folder}/patchmesh.fish; complete -C 'patchmesh ${typed}'`
      const { stdout } = await run('fish', ['--no-config', '-c', script], { env: environment, cwd: folder })
      const offered = stdout
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t')[0] ?? '')
      assert.equal(offered.length, 1, stdout)
      const before = typed.slice(0, typed.lastIndexOf(' ') + 1)
      assert.match(before + (offered[0] ?? '').replaceAll(' ', '\\ '), whole)
    })
})

describe('zsh', () => {
  for (const [typed, whole] of TYPED)
    test(`completes: patchmesh ${typed}`, async () => {
      const completing = `PS1=; fpath=(${folder} $fpath); autoload -U compinit; compinit -u -D; setopt noautolist`
      const telling = 'told() { print -r -- "<<$BUFFER>>"; BUFFER=; }; zle -N told; bindkey "^T" told; print REA""DY'
      assert.match(await lineAfterTab('zsh -f -i', `${completing}; ${telling}`, typed), whole)
    })
})

/** The line of a shell at a terminal of its own, after the key was pressed behind what was typed; Ctrl-T tells it. */
async function lineAfterTab(shell: string, setup: string, typed: string): Promise<string> {
  const file = path.join(folder, 'typing.zsh')
  const script = `
zmodload zsh/zpty
zpty shell ${shell}
zpty -w shell ${quoted(setup)}
zpty -r -m shell REPLY '*READY*'
zpty -w -n shell $'patchmesh ${typed}\\t\\x14'
zpty -r -m shell REPLY '*<<*>>*'
print -r -- "$REPLY"
zpty -d shell
`
  await writeFile(file, script)
  const { stdout } = await run('timeout', ['60', 'zsh', '-f', file], { env: environment, cwd: folder })
  return (/<<(.*)>>/.exec(stdout)?.[1] ?? stdout).trimEnd()
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`
}

test('a shell is told nothing, and no error, where nobody answers, nobody is signed in or a word is none', async () => {
  const words = ['__complete', 'patches', 'show', 'k']
  const silent: Server = createServer(() => {}).listen(0, '127.0.0.1')
  await new Promise((resolve) => silent.once('listening', resolve))
  const { port } = silent.address() as { port: number }
  for (const given of [
    { PATCHMESH_SERVER: `http://127.0.0.1:${port}`, PATCHMESH_API_TOKEN: 't' },
    { PATCHMESH_SERVER: 'http://127.0.0.1:9', PATCHMESH_API_TOKEN: 't' },
    { PATCHMESH_SERVER: app.url, PATCHMESH_API_TOKEN: 'wrong' },
    { PATCHMESH_SERVER: app.url },
  ])
    assert.deepEqual(await patchmesh(words, { environment: given }), { status: 0, stdout: '', stderr: '' })
  for (const none of [[], ['frob', ''], ['patches'], ['patches', 'show', 'a', 'b', '']])
    assert.deepEqual(await patchmesh(['__complete', ...none], { environment }), { status: 0, stdout: '', stderr: '' })
  silent.close()
})
