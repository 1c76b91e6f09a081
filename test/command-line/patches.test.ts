/**
 * `patches list` and `patches show`, with a Service Center in this process: the terminal says what the pages say.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { patchmesh } from './run-patchmesh.ts'

let fleet: Fleet
let app: ServedApp
let environment: Record<string, string>
before(async () => {
  fleet = await standardFleet()
  app = await serveApp(fleet)
  environment = { PATCHMESH_SERVER: app.url, PATCHMESH_API_TOKEN: await app.apiToken() }
})
after(async () => {
  await app.close()
  await fleet.close()
})

test('says who uploaded a patch, what supersedes it, how many appliances are new, and where it is installed', async () => {
  await fleet.publish({ name: 'kernel', version: '6.9', supersedes: [{ name: 'kernel-hotfix' }] })
  const patch = await fleet.publish({ name: 'kernel', version: '6.10' })
  for (const place of ['paris', 'tokyo'])
    for (const role of ['primary', 'secondary']) await fleet.sendReceipt(`${place}/${role}`, patch)
  await fleet.detect('acme-paris-primary', patch, 'installed', '6.10')
  await fleet.detect('acme-paris-secondary', patch, 'applicable', '6.9')
  await fleet.enroll({
    ...{
      name: 'oslo/primary',
      organization: 'Org 1000',
      dataCenter: 'oslo',
      kind: 'service-provider',
      role: 'primary',
    },
  })
  const list = await patchmesh(['patches', 'list'], { environment })
  assert.match(list.stdout, /^kernel@6\.10 .* 4\/5, 1 new .* test {2,}[0-9a-f]{64}$/m)
  assert.match(list.stdout, /^kernel@6\.9 .* test +kernel@6\.10 +[0-9a-f]{64}$/m)
  await fleet.disconnect('oslo/primary')
  const troubled = await patchmesh(['patches', 'list', '--show', 'attention', '--search', '6.10'], { environment })
  assert.match(troubled.stdout, /^kernel@6\.10 needs attention: oslo\/primary: not reachable since /m)
  assert.doesNotMatch(troubled.stdout, /^kernel@6\.9 /m)
  const wrong = await patchmesh(['patches', 'list', '--show', 'broken'], { environment })
  assert.equal(wrong.status, 2)
  assert.match(wrong.stderr, /is none of complete, replicating, attention/)
  const { stdout } = await patchmesh(['patches', 'show', 'kernel@6.9'], { environment })
  assert.match(stdout, /^uploaded .* UTC by test$/m)
  assert.match(stdout, /^supersedes kernel-hotfix$/m)
  assert.match(stdout, /^superseded by kernel 6\.10$/m)
  assert.ok(stdout.includes(`signed by ${fleet.serviceCenter.state.signing.peer}`))
  const newer = await patchmesh(['patches', 'show', 'kernel@6.10'], { environment })
  assert.match(newer.stdout, /^acme +1 +1 +2 +0$/m)
  assert.match(newer.stdout, /^all +1 +1 +11 +0$/m)
})
