/**
 * The agent of a world, as a process that can be killed at any moment: the core that every appliance runs, with the
 * real ledger, the real store and the real installers. Only the network is another: its uplink is always there, letters
 * for this appliance come in on standard input and its own go out on standard output, one line each. Time runs ahead,
 * so that a wait of ten seconds between two tries takes less than one.
 *
 * Whoever starts it may ask it to die, as by `kill -9`, just before or just after one of its effects, or to stand still
 * at one until it is told to go on: so moments are events, and a world replays alike.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { AgentEffect, AgentEvent } from '../../../agent/core/events.ts'
import { storedPublications } from '../../../agent/core/holding.ts'
import { isOrdered } from '../../../agent/core/install/attempt.ts'
import { readLedger } from '../../../agent/core/ledger.ts'
import { resume } from '../../../agent/core/resuming.ts'
import { DEFAULT_SETTINGS, GREETS_NOBODY, newAgent } from '../../../agent/core/state.ts'
import { step } from '../../../agent/core/step.ts'
import { OperatorChecks } from '../../../agent/shell/checks/operator-checks.ts'
import { EventLoop } from '../../../agent/shell/event-loop.ts'
import { Installations } from '../../../agent/shell/installations.ts'
import { hasLeftSomething } from '../../../agent/shell/installers/before.ts'
import { KeptPackages } from '../../../agent/shell/kept-packages.ts'
import { openLedger } from '../../../agent/shell/ledger-file.ts'
import { watchPackages } from '../../../agent/shell/package-watch.ts'
import { PieceStore } from '../../../agent/shell/piece-store.ts'
import { Scratch, type WarningLog } from '../../../agent/shell/scratch.ts'
import { SwitchoverHooks } from '../../../agent/shell/switchover-hooks.ts'
import { unreachable } from '../../../protocol/assert.ts'
import { decode, encode } from '../../../protocol/codec.ts'
import { ControlMessage } from '../../../protocol/messages.ts'
import { seededRandom } from '../../../protocol/random.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { applianceOf, type EffectMoment, effectName, type ProgramInput, type ProgramOutput } from './agent-lines.ts'
import { type Hands, LIES, type Lie, type LieName } from './lies.ts'

const TICK_EVERY_MS = 50
/** What an agent takes for a tick's time: 40 times as much as passes. */
const TICK_COUNTS_MS = 2_000

const [folder = '', installRoot = '', seed = '1', orders = '[]', lieName = ''] = process.argv.slice(2)
const lie: Lie | null = lieName in LIES ? LIES[lieName as LieName] : null
const { identity, membership, roster, root, dial } = applianceOf(
  JSON.parse(readFileSync(join(folder, 'appliance.json'), 'utf8')),
)
const state = newAgent({
  identity,
  root,
  random: seededRandom(Number(seed)),
  life: GREETS_NOBODY,
  settings: DEFAULT_SETTINGS,
  membership,
  dial,
})
state.roster = roster
const ledger = openLedger(folder)
readLedger(state, ledger.read())
const store = await PieceStore.open(folder)
const log: WarningLog = { warn: (fields, line) => say({ says: 'log', line: `${line} ${JSON.stringify(fields)}` }) }
const scratch = new Scratch(join(folder, 'install'), log)
await scratch.clear(async (patch) => isOrdered(state, patch) || (await hasLeftSomething(scratch.folderOf(patch))))

let monotonicMs = 0
let dieAt: EffectMoment | null = null
let standAt: string | null = null
let goOn: (() => void) | null = null

function say(line: ProgramOutput): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

const loop = new EventLoop<AgentEvent, AgentEffect>({
  step: (event) => step(state, event),
  perform,
  fail: (error) => {
    say({ says: 'broken', error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    process.exitCode = 1
    setImmediate(() => process.exit(1))
  },
})
const { deliver, follow } = loop
const hands: Hands = { root: installRoot, carryOut, deliver }
/** From the shell to the core: where a lie is told. */
function deliverFromShell(event: AgentEvent): void {
  const told = event.kind === 'step-ended' && lie?.told !== undefined ? lie.told(event, hands) : event
  if (told !== null) deliver(told)
}
const kept = new KeptPackages({
  folder: join(folder, 'kept-packages'),
  stored: () => storedPublications(state),
  pathOf: (patch) => store.pathOf(patch),
})
const installations = new Installations({
  store,
  kept,
  installRoot,
  publishers: () => [],
  scratch,
  checks: new OperatorChecks({ checks: [], folder: join(folder, 'checks'), root: installRoot }),
  hooks: new SwitchoverHooks({ switchover: null, folder: join(folder, 'switchover'), root: installRoot }),
  log,
  deliver: deliverFromShell,
  follow,
})

async function perform(effect: AgentEffect): Promise<void> {
  const name = effectName(effect)
  if (dieAt?.effect === name && dieAt.when === 'before') process.kill(process.pid, 'SIGKILL')
  if (standAt === name) {
    standAt = null
    const told = new Promise<void>((resolve) => {
      goOn = resolve
    })
    say({ says: 'standing', effect: name })
    await told
  }
  if (effect.kind === 'detect') lie?.looks?.(hands)
  const isDone = effect.kind === 'run-step' && lie?.instead?.(effect, hands) === true
  if (!isDone) carryOut(effect)
  if (name !== effect.kind) say({ says: 'effect', effect: name })
  if (dieAt?.effect === name && dieAt.when === 'after') process.kill(process.pid, 'SIGKILL')
}

function carryOut(effect: AgentEffect): void {
  switch (effect.kind) {
    case 'record':
      ledger.record(effect.entries)
      break
    case 'open':
      if (effect.channel === 'uplink') deliver({ kind: 'opened', channel: 'uplink', peer: effect.peer, roundTripMs: 1 })
      break
    case 'send-control':
      if (effect.message.kind === 'ping') {
        deliver({
          kind: 'control-received',
          channel: 'uplink',
          peer: effect.peer,
          message: { kind: 'pong', wallMs: Date.now() + monotonicMs },
        })
      } else if (effect.message.kind === 'letter') {
        say({ says: 'letter', message: Buffer.from(encode(effect.message)).toString('base64') })
      }
      break
    case 'judge':
    case 'detect':
    case 'run-step':
    case 'run-checks':
    case 'run-hook':
    case 'settle':
    case 'survey':
    case 'tidy':
      installations.perform(effect)
      break
    case 'log':
      say({ says: 'log', line: `${effect.line} ${JSON.stringify(effect.fields)}` })
      break
    // Every copy is proven from the beginning, and nobody else is there.
    case 'note-clock':
    case 'keep-trust':
    case 'answer-visitor':
    case 'close':
    case 'hang-up':
    case 'limit':
    case 'probe':
    case 'widen':
    case 'send-pieces':
    case 'send-piece':
    case 'answer-enrollment':
    case 'admit':
    case 'open-partial':
    case 'store-piece':
    case 'drop-piece':
    case 'seal':
    case 'prove-piece':
    case 'set-apart':
    case 'note-copy':
    case 'discard':
      break
    default:
      unreachable(effect)
  }
}

function hear(input: ProgramInput): void {
  switch (input.tells) {
    case 'letter': {
      const message = decode(ControlMessage, Buffer.from(input.message, 'base64'), 'a message')
      if (isRefusal(message)) throw new Error(message.message)
      if (state.uplink.phase !== 'up') throw new Error('a letter came before the uplink')
      deliver({ kind: 'control-received', channel: 'uplink', peer: state.uplink.peer, message })
      break
    }
    case 'die':
      dieAt = input.at
      break
    case 'stand':
      standAt = input.at
      break
    case 'go-on':
      goOn?.()
      break
    case 'live':
      dieAt = null
      standAt = null
      break
    default:
      unreachable(input)
  }
}

function tick(): void {
  monotonicMs += TICK_COUNTS_MS
  deliver({ kind: 'tick', clock: { monotonicMs, wallMs: Date.now() + monotonicMs } })
}

const first: ProgramInput[] = JSON.parse(orders)
for (const input of first) hear(input)
await loop.perform(resume(state, await store.held()))
tick()
setInterval(tick, TICK_EVERY_MS)
watchPackages(
  installRoot,
  () => deliver({ kind: 'packages-changed' }),
  (error) => log.warn({ error: String(error) }, 'cannot see whether dpkg has changed anything'),
)
say({ says: 'ready' })
createInterface({ input: process.stdin }).on('line', (line) => hear(JSON.parse(line)))
// Whoever started it is gone: nobody hears what it says.
process.stdin.on('end', () => process.exit(0))
