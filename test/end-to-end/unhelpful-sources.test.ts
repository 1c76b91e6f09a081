/**
 * A depot member that offers everything and brings no piece to its end: its peer gets the patch from outside while it is
 * there, and neither of them is kept busy.
 */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { writeExampleBundle } from '../../controller/cli/example-bundle.ts'
import type { Slot } from '../../controller/core/records.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { LOOPBACK, type Places } from '../../simulator/processes/place.ts'
import { DEADLINE, eventually } from '../support/eventually.ts'
import { slotOf } from '../support/fleet-slots.ts'
import { auditStore } from '../support/store-audit.ts'
import { removeCopy } from '../support/stored-copies.ts'

const MiB = 1024 * 1024
const UNHELPFUL = fileURLToPath(new URL('../support/unhelpful-agent.ts', import.meta.url))
const WAYS = ['drips', 'says gone'] as const
/** Over minutes: without an end it is thousands. */
const ASKED_AT_MOST = 60
/** What comes before the command of an agent that is started anew. */
const entering = new Map<string, readonly string[]>()
let fleet: Fleet

before(async () => {
  const places: Places = {
    ...LOOPBACK,
    of: (name) => ({ ...LOOPBACK.of(name), enter: entering.get(name) ?? [] }),
  }
  fleet = await Fleet.start(undefined, places)
  await fleet.addAll(
    WAYS.flatMap((way) => (['primary', 'secondary'] as const).map((role) => provider(role, `Paris ${way}`))),
  )
})
after(() => fleet.stop())

function provider(role: 'primary' | 'secondary', dataCenter: string): Slot {
  const name = `${dataCenter} ${role}`
  return slotOf({ name, organization: 'Provider', dataCenter, kind: 'service-provider', role })
}

for (const way of WAYS) {
  test(`R8: with a primary that ${way}, its secondary gets the patch from outside`, DEADLINE, async (context) => {
    const [primary, secondary] = [`Paris ${way} primary`, `Paris ${way} secondary`]
    const file = join(fleet.folder, 'sample.patch')
    await writeExampleBundle({ name: `sample ${way}`.replaceAll(' ', '-'), version: '1.0.0', bytes: MiB, out: file })
    const { id } = await fleet.api.upload(file)
    await eventually('every copy is there', async () => (await fleet.api.patch(id)).replications.complete === 4)

    await Promise.all([primary, secondary].map((name) => fleet.daemon(name).stop()))
    await removeCopy(fleet.folderOf(secondary), id)
    entering.set(primary, ['env', `NODE_OPTIONS=--import=${UNHELPFUL}`, `PATCHMESH_UNHELPFUL=${way}`])
    await fleet.startAgent(primary)
    await fleet.reachable([primary])
    const begunMs = performance.now()
    await fleet.startAgent(secondary)
    await eventually('the secondary asks its primary', () => questions(primary) > 0)
    await eventually('the secondary has it', async () => (await auditStore(fleet.folderOf(secondary))).includes(id))
    context.diagnostic(`after ${((performance.now() - begunMs) / 1000).toFixed(0)} s`)
    assert.ok(questions(primary) < ASKED_AT_MOST, `asked ${questions(primary)} times`)
  })
}

/** So many pieces it was asked for. */
function questions(primary: string): number {
  return fleet
    .daemon(primary)
    .log.split('\n')
    .filter((line) => line.startsWith('asked for a piece')).length
}
