/**
 * What a controller prints when it starts, as a real process: a link while nobody has an account, and none that signs in
 * afterwards; beyond loopback no link without TLS.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { provide } from '../support/machine.ts'
import { PASSWORD, signIn } from '../support/people-fixtures.ts'
import { rawRequest } from '../support/raw-request.ts'
import { patchmesh } from './run-patchmesh.ts'

const launcher = fileURLToPath(new URL('../../patchmesh', import.meta.url))
const base = mkdtempSync(path.join(tmpdir(), 'patchmesh-first-start-'))
after(() => rmSync(base, { recursive: true, force: true }))

/** Runs until `act` is done, and gives what it printed on standard error when it was ready. */
async function running<Result>(
  folder: string,
  options: string[],
  act: (started: { url: string; told: string }) => Promise<Result>,
): Promise<Result> {
  const words = ['controller', '--data', folder, '--mesh', '/ip4/127.0.0.1/tcp/0', ...options]
  const child = spawn(launcher, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  let told = ''
  child.stderr.on('data', (chunk: Buffer) => {
    told += chunk.toString()
  })
  try {
    const [line = ''] = (await once(createInterface({ input: child.stdout }), 'line')) as string[]
    return await act({ url: /http=(\S+)/.exec(line)?.[1] ?? '', told })
  } finally {
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
}

const LINK = /^sign in once, within 15 minutes: (http\S+\/sign-in\?link=[\w-]{43})$/m

test('the first start prints a one-time link, later ones too until there is an account, and then none', async () => {
  const folder = path.join(base, 'data')
  const loopback = ['--http', '127.0.0.1:0']
  await running(folder, loopback, async ({ told }) => assert.match(told, LINK))
  await running(folder, loopback, async ({ url, told }) => {
    const link = LINK.exec(told)?.[1] ?? ''
    const [cookie = ''] = (await rawRequest(link)).headers['set-cookie']?.[0]?.split(';') ?? []
    const owner = { name: 'Ana', role: 'owner', password: PASSWORD }
    const headers = { Cookie: cookie, Origin: url, 'Content-Type': 'application/json' }
    const body = JSON.stringify(owner)
    assert.equal((await rawRequest(`${url}/api/v1/people`, { method: 'POST', headers, body })).status, 201)
  })
  await running(folder, loopback, async ({ url, told }) => {
    assert.doesNotMatch(told, /link=/)
    assert.match(told, new RegExp(`^sign in at ${url}/sign-in$`, 'm'))
    assert.equal((await signIn(url, { name: 'Ana' })).status, 303)
    const { stdout } = await patchmesh(['sign-in-link', '--data', folder])
    assert.ok(stdout.startsWith(`${url}/sign-in?link=`))
    assert.equal((await rawRequest(stdout.trim())).status, 303, 'the way back for an Owner who lost the password')
  })
})

test('beyond loopback nobody signs in without TLS', async () => {
  const folder = path.join(base, 'open')
  await running(folder, ['--http', '0.0.0.0:0'], async ({ told }) => {
    assert.doesNotMatch(told, /link=/)
    assert.match(told, /is not HTTPS and not loopback, so only API tokens work there: give --tls-cert/)
  })
})

test('with a certificate the page is served over TLS, and its cookies are for it alone', async () => {
  const folder = path.join(base, 'tls')
  const [key, cert] = [path.join(base, 'key.pem'), path.join(base, 'cert.pem')]
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1']
  await provide('openssl')
  execFileSync('openssl', [...made, '-subj', '/CN=localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' })
  await running(folder, ['--http', '127.0.0.1:0', '--tls-cert', cert, '--tls-key', key], async ({ told }) => {
    const link = LINK.exec(told)?.[1] ?? ''
    assert.match(link, /^https:/)
    const asked = request(link, { rejectUnauthorized: false })
    asked.end()
    const [answer] = await once(asked, 'response')
    answer.resume()
    assert.equal(answer.statusCode, 303)
    assert.match(answer.headers['set-cookie'][0], /^__Host-patchmesh-session=.*Secure/)
    assert.equal(answer.headers['strict-transport-security'], 'max-age=31536000')
  })
})
