/**
 * Texts that are long on purpose, at every place that takes one: they are refused or taken, and cost no more than their
 * length.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { DEADLINE } from '../support/eventually.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { rawRequest } from '../support/raw-request.ts'
import { fetchDescription } from './operations.ts'
import { textRequests } from './text-fields.ts'

/** As much as fits into a body of 64 KiB with what is around it, and as much as fits into the head of a request. */
const LONG = 'a'.repeat(64_000)
const LONG_IN_HEAD = 'a'.repeat(12_000)

let fleet: Fleet
let app: ServedApp
let headers: Record<string, string>
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  headers = { Authorization: `Bearer ${await app.apiToken()}` }
})
after(async () => {
  await app.close()
  await fleet.close()
})

/** A refusal is a sentence and a line of the log, however long what was refused. */
const MOST_CHARACTERS = 2000

function checkLog(): void {
  assert.deepEqual(
    app.log.filter((line) => line.includes('a request failed') || line.length > MOST_CHARACTERS),
    [],
  )
}

test('A23 64 kB of a in any text field of the API are refused or taken', DEADLINE, async () => {
  const description = await fetchDescription(app)
  const inBody = textRequests(description, LONG).filter(({ body }) => body?.includes(LONG))
  const inHead = textRequests(description, LONG_IN_HEAD).filter(({ body }) => !body?.includes(LONG_IN_HEAD))
  assert.ok(inBody.length > 15 && inHead.length > 40, `${inBody.length} and ${inHead.length} were found`)
  for (const { field, method, path, headers: more, body } of [...inBody, ...inHead]) {
    const asked = { method, path, headers: { ...headers, ...more }, ...(body === undefined ? {} : { body }) }
    const answer = await rawRequest(app.url, asked)
    const told = `${field.where}: ${field.name} is answered ${answer.status}`
    assert.ok(answer.status < 500 && answer.status !== 413, told)
    if (answer.status >= 400) assert.ok(answer.body.length < MOST_CHARACTERS, told)
  }
  checkLog()
})

test('A23 64 kB of a in any field of a form are refused or taken', DEADLINE, async () => {
  const forms = app.routes.filter(({ method, path }) => method === 'POST' && !path.startsWith('/api/'))
  const paths = [...new Set(forms.map(({ path }) => path.replace(/:\w+/, 'acme-paris-primary')))]
  assert.ok(paths.length >= 7, `only ${paths.length} were found`)
  const names = ['name', 'password', 'next', 'organization', 'dataCenter', 'kind', 'role', 'group', 'token', 'topology']
  for (const path of paths.filter((one) => one !== '/sign-out')) {
    for (const name of names) {
      const form = { 'Content-Type': 'application/x-www-form-urlencoded', Origin: app.url }
      const body = new URLSearchParams({ name: 'sample', password: 'sample', [name]: LONG }).toString()
      const { status } = await rawRequest(app.url, { method: 'POST', path, headers: { ...headers, ...form }, body })
      assert.ok(status < 500 && status !== 413, `${name} of ${path} is answered ${status}`)
    }
  }
  checkLog()
})

/** The hash of such a text was its number, without a seed (CVE-2026-21717), and in these the last bits are alike. */
const COLLIDING = Array.from({ length: 3800 }, (_, index) => String((index + 245) * 4096))

async function send(keys: readonly string[]): Promise<{ status: number; body: string; cpuMicroseconds: number }> {
  const body = `{${keys.map((key) => `"${key}":0`).join()}}`
  const path = '/api/v1/installs'
  const json = { ...headers, 'Content-Type': 'application/json' }
  const before = process.cpuUsage()
  const { status, body: answer } = await rawRequest(app.url, { method: 'POST', path, headers: json, body })
  const { user, system } = process.cpuUsage(before)
  return { status, body: answer, cpuMicroseconds: user + system }
}

test('A33 keys whose hashes collide cost no more than others, and there cannot be many', DEADLINE, async () => {
  const other = COLLIDING.map((key) => key.replace(/^./, 'k'))
  const spent = { colliding: 0, other: 0 }
  for (let turn = 0; turn < 10; turn++) {
    const answers = [await send(COLLIDING), await send(other)] as const
    assert.deepEqual(
      answers.map(({ status }) => status),
      [400, 400],
    )
    spent.colliding += answers[0].cpuMicroseconds
    spent.other += answers[1].cpuMicroseconds
  }
  assert.ok(spent.colliding < 20 * spent.other, JSON.stringify(spent))
  const many = await send([...COLLIDING, ...other])
  assert.equal(many.status, 400)
  assert.match(many.body, /has an object of more than 5000 keys/)
  checkLog()
})
