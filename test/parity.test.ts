/**
 * Page, API and command line can do the same. The operations are those of the API's description; an element of a page
 * says with `data-operation` which of them it offers or shows, and a command with `operations` which it uses.
 */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { after, before, test } from 'node:test'
import type { Command } from '../controller/cli/command.ts'
import { describedOperations, fetchDescription } from './api/operations.ts'
import { patchmesh } from './command-line/run-patchmesh.ts'
import { everyPage } from './support/every-page.ts'
import { type Fleet, standardFleet } from './support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from './support/http-fixtures.ts'

/** What has no place there, and why. One that is found there after all makes the test fail, so this list stays true. */
const NOT_ON_PAGES: Record<string, string> = {
  describeApi: 'is for programs',
  showAccount: 'whoever is signed in is named at the top of each page',
  setPolicy: 'its owners have the keys that sign it, and a browser has none of them',
  approveInstall: 'an approver has the key that signs, and a browser has not',
  uploadPatch: 'pages upload in a way that survives a cut',
}
const NOT_IN_COMMANDS: Record<string, string> = {
  describeApi: 'is for programs',
  listOrganizations: 'appliances list names the organization of each',
  changePassword: 'a command shows an API token, and has no password',
  preparePasskey: 'a browser makes the passkey, for whoever is signed in there',
  addPasskey: 'a browser makes the passkey, for whoever is signed in there',
  makeApiToken: 'api-token makes them beside the data, where no token is needed yet',
}
const COMMANDS = path.join(import.meta.dirname, '../controller/cli')

let fleet: Fleet
let app: ServedApp
let operations: string[]
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  operations = describedOperations(await fetchDescription(app)).map(({ operationId }) => operationId)
})
after(async () => {
  await app.close()
  await fleet.close()
})

function compare(place: string, found: ReadonlySet<string>, exceptions: Record<string, string>): void {
  const missing = operations.filter((operation) => !found.has(operation) && !(operation in exceptions))
  const unknown = [...found].filter((operation) => !operations.includes(operation))
  const untrue = Object.keys(exceptions).filter((operation) => found.has(operation) || !operations.includes(operation))
  const lines = [
    ...missing.map((operation) => `${operation} is missing ${place}`),
    ...unknown.map((operation) => `${operation} is named ${place}, and the API has no such operation`),
    ...untrue.map((operation) => `${operation} is an exception ${place} no more`),
  ]
  assert.deepEqual(lines, [])
}

test('every operation of the API is on a page', async () => {
  const found = new Set<string>()
  for (const { html } of await everyPage(fleet, app)) {
    for (const [, operations = ''] of html.matchAll(/ data-operation="([\w ]+)"/g))
      for (const operation of operations.split(' ')) found.add(operation)
  }
  compare('on the pages', found, NOT_ON_PAGES)
})

test('every operation of the API is in the command line', async () => {
  const { stdout: help } = await patchmesh(['--help'])
  const found = new Set<string>()
  for (const file of readdirSync(COMMANDS).filter((name) => name.endsWith('.ts') && name !== 'main.ts')) {
    const exported: Record<string, unknown> = await import(path.join(COMMANDS, file))
    for (const command of Object.values(exported).filter(isCommand)) {
      assert.ok(help.includes(` ${command.name} `), `patchmesh --help does not name ${command.name}`)
      for (const operation of command.operations) found.add(operation)
    }
  }
  compare('in the command line', found, NOT_IN_COMMANDS)
})

function isCommand(value: unknown): value is Command {
  return typeof value === 'object' && value !== null && 'operations' in value && 'run' in value
}
