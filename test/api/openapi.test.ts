/**
 * The description of the API is complete, and a linter of others finds nothing in it.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { promisify } from 'node:util'
import { hint, httpStatus, RefusalCode } from '../../protocol/refusals.ts'
import { DEADLINE } from '../support/eventually.ts'
import { emptyFleet, type Fleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { describedOperations, fetchDescription } from './operations.ts'

const REDOCLY = createRequire(import.meta.url).resolve('@redocly/cli/bin/cli.js')

let fleet: Fleet
let app: ServedApp
let folder: string
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-openapi-'))
  fleet = await emptyFleet()
  app = await serveApp(fleet)
})
after(async () => {
  await app.close()
  await fleet.close()
  await rm(folder, { recursive: true })
})

test('redocly finds nothing to complain about in the OpenAPI document', DEADLINE, async () => {
  const file = path.join(folder, 'openapi.json')
  await writeFile(file, JSON.stringify(await fetchDescription(app)))
  const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true', CI: 'true' }
  const options = { cwd: folder, env }
  const { stdout } = await promisify(execFile)(process.execPath, [REDOCLY, 'lint', file, '--format=json'], options)
  assert.deepEqual(JSON.parse(stdout).totals, { errors: 0, warnings: 0, ignored: 0 })
})

test('every operation has an id of its own, a summary, a tag, and says how it refuses', async () => {
  const operations = describedOperations(await fetchDescription(app))
  assert.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length)
  for (const { operationId, summary, tags, responses, where } of operations) {
    assert.match(operationId, /^[a-z]+([A-Z][a-z0-9]*)*$/, where)
    assert.match(summary, /\.$/, where)
    assert.equal(tags.length, 1, where)
    assert.ok('4XX' in responses && '5XX' in responses, where)
  }
})

test('the page of error codes names each code with its status and hint', async () => {
  const page = await readFile(path.join(import.meta.dirname, '../../docs/error-codes.md'), 'utf8')
  const rows = RefusalCode.options.map((code) => `| \`${code}\` | ${httpStatus(code)} | ${hint(code)} |`)
  const missing = rows.filter((row) => !page.includes(`${row}\n`))
  assert.deepEqual(missing, [], 'docs/error-codes.md misses these lines')
  assert.equal(page.match(/^\| `/gm)?.length, rows.length, 'docs/error-codes.md has a line for a code that is gone')
})
