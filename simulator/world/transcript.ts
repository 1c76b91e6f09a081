/**
 * What happened in a world, one line for each event or effect that matters, with the time in virtual seconds and short
 * names: `paris/primary`, `patch-1`, `install-1`. A test compares it with a file in transcripts/;
 * `UPDATE_TRANSCRIPTS=1` rewrites the file, for a review of the difference.
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentEffect, AgentEvent } from '../../agent/core/events.ts'
import type { Command, ServiceCenterEffect, ServiceCenterEvent } from '../../controller/core/effects.ts'
import { decode } from '../../protocol/codec.ts'
import { isRefusal } from '../../protocol/refusals.ts'
import type { Envelope } from '../../protocol/trust/envelope.ts'
import {
  LeaseAnswer,
  LeaseRelease,
  LeaseRequest,
  OrderOutcome,
  OrderQuestion,
} from '../../protocol/trust/pair-statements.ts'
import {
  Cancellation,
  Order,
  Publication,
  Receipt,
  Report,
  Roster,
  Staging,
  Withdrawal,
} from '../../protocol/trust/statements.ts'

const FOLDER = join(import.meta.dirname, '../../test/core/transcripts')

export class Transcript {
  readonly lines: string[] = []
  readonly #names = new Map<string, string>()
  readonly #now: () => number
  #keepsLines: boolean

  constructor(now: () => number, keepsLines = true) {
    this.#now = now
    this.#keepsLines = keepsLines
  }

  /** Keeps no more lines: for worlds that nobody reads, and that would fill the memory with them. */
  mute(): void {
    this.#keepsLines = false
  }

  /** From now on `id` is written as `name`. */
  call(id: string, name: string): void {
    this.#names.set(id, name)
  }

  /** Gives the next free number of a kind to an id that has no name yet. */
  number(id: string, kind: 'install' | 'order'): void {
    if (this.#names.has(id)) return
    const used = [...this.#names.values()].filter((name) => name.startsWith(`${kind}-`)).length
    this.#names.set(id, `${kind}-${used + 1}`)
  }

  say(who: string, what: string): void {
    if (!this.#keepsLines) return
    const seconds = (this.#now() / 1000).toFixed(3).padStart(8)
    this.lines.push(`${seconds}  ${who.padEnd(22)} ${this.#named(what)}`)
  }

  agentEvent(who: string, event: AgentEvent): void {
    if (!this.#keepsLines) return
    const line = agentEventLine(event)
    if (line !== null) this.say(who, line)
  }

  agentEffect(who: string, effect: AgentEffect, self: string): void {
    if (!this.#keepsLines) return
    const line = agentEffectLine(effect, self)
    if (line !== null) this.say(who, line)
  }

  centerEvent(event: ServiceCenterEvent): void {
    if (!this.#keepsLines || event.kind !== 'command') return
    const { command } = event
    this.say('service-center', `is told: ${command.kind} ${subjectOf(command)}`)
  }

  centerEffect(effect: ServiceCenterEffect): void {
    if (!this.#keepsLines) return
    switch (effect.kind) {
      case 'reply':
        if (isRefusal(effect.reply))
          this.say('service-center', `refuses, ${effect.reply.refused}: ${effect.reply.message}`)
        else if (effect.reply.kind === 'published' && !effect.reply.created)
          this.say('service-center', 'has it already')
        break
      case 'log':
        this.say('service-center', `logs: ${effect.line}`)
        break
      case 'commit':
        for (const change of effect.changes) {
          if (change.table === 'installs') {
            this.number(change.row.id, 'install')
            const { id, state, reason } = change.row
            this.say('service-center', `${id} is ${state}${reason === '' ? '' : `: ${reason}`}`)
          } else if (change.table === 'targets') {
            const { install, appliance, state, reason, order } = change.row
            if (order !== null) this.number(order.id, 'order')
            this.say('service-center', `${install}, ${appliance}: ${state}${reason === '' ? '' : ` (${reason})`}`)
          }
        }
        break
    }
  }

  text(): string {
    return `${this.lines.join('\n')}\n`
  }

  /** Fails with the difference when the world went another way than the file says. */
  check(title: string): void {
    const file = join(FOLDER, `${title.replaceAll(' ', '-')}.txt`)
    const text = this.text()
    assert.doesNotMatch(text, /[0-9a-f]{32}|12D3Koo/, 'a transcript has short names, never hashes')
    if (process.env['UPDATE_TRANSCRIPTS'] === '1') writeFileSync(file, text)
    assert.ok(existsSync(file), `there is no ${file}: write it with UPDATE_TRANSCRIPTS=1 and read it`)
    assert.equal(text, readFileSync(file, 'utf8'), `${file} differs; if the new way is right, run UPDATE_TRANSCRIPTS=1`)
  }

  #named(text: string): string {
    return text.replaceAll(/12D3KooW\w{44}|[0-9a-f]{64}|[0-9a-f]{32}/g, (id) => this.#names.get(id) ?? 'somebody')
  }
}

/** A signed statement in words, or null for those that only fill a transcript. */
export function statementWords(envelope: Envelope): string | null {
  const read = <Value>(type: { payloadType: string; schema: Parameters<typeof decode<Value>>[0] }): Value =>
    decode(type.schema, envelope.payload, 'a statement') as Value
  switch (envelope.payloadType) {
    case Publication.payloadType:
      return `publication of ${read(Publication).sha256}`
    case Withdrawal.payloadType:
      return `withdrawal of ${read(Withdrawal).sha256}`
    case Roster.payloadType:
      return 'roster'
    case Order.payloadType:
      return `order to install ${read(Order).patch}`
    case Receipt.payloadType:
      return `receipt for ${read(Receipt).sha256}`
    case Report.payloadType: {
      const { state, reason } = read(Report)
      return `report: ${state}${reason === '' ? '' : ` (${reason})`}`
    }
    case LeaseRequest.payloadType:
      return 'question whether it may be interrupted'
    case LeaseAnswer.payloadType: {
      const { answer, reason } = read(LeaseAnswer)
      return answer === 'granted' ? 'promise to serve meanwhile' : `no promise: ${answer} (${reason})`
    }
    case LeaseRelease.payloadType:
      return 'release of that promise'
    case OrderQuestion.payloadType:
      return 'question how the order that comes first has ended'
    case OrderOutcome.payloadType:
      return `answer that it has ended ${read(OrderOutcome).ended}`
    case Staging.payloadType:
      return `request to copy ${read(Staging).patch} ahead of its window`
    case Cancellation.payloadType:
      return `cancellation (${read(Cancellation).reason})`
    default:
      return null
  }
}

function agentEventLine(event: AgentEvent): string | null {
  switch (event.kind) {
    case 'opened':
      if (event.channel === 'uplink') return `is connected to ${event.peer}`
      return event.channel === 'source' ? `can take pieces from ${event.peer}` : null
    case 'control-received': {
      if (event.channel !== 'uplink' || event.message.kind !== 'letter') return null
      const words = statementWords(event.message.letter.envelope)
      return words === null || words === 'roster' ? null : `gets for ${event.message.letter.to}: ${words}`
    }
    case 'partial-opened':
      return `finds ${bits(event.have)} of an earlier transfer of ${event.patch}`
    case 'sealed':
      return `has proven ${event.patch} from disk`
    case 'corrupt':
      return `finds ${event.patch} damaged on disk`
    case 'discarded':
      return `has deleted ${event.patch}`
    case 'detected':
      return `finds ${event.patch} ${event.found.result}`
    case 'step-ended':
      return `${event.step} of ${event.patch} ended ${event.outcome.ok ? 'well' : `badly: ${event.outcome.reason}`}`
    case 'checked':
      return `its checks say: ${event.results.map(({ name, ok }) => `${name} ${ok ? 'good' : 'bad'}`).join(', ')}`
    case 'hook-ended':
      return `the hook ${event.hook} ended ${event.outcome.ok ? 'well' : `badly: ${event.outcome.reason}`}`
    case 'settled':
      return `sees that no program for ${event.patch} runs any more`
    default:
      return null
  }
}

function agentEffectLine(effect: AgentEffect, self: string): string | null {
  switch (effect.kind) {
    case 'send-control': {
      if (effect.message.kind !== 'letter') return null
      const { letter } = effect.message
      const words = statementWords(letter.envelope)
      if (words === null || words === 'roster') return null
      return letter.from === self ? `sends ${words}` : `forwards to ${letter.to}: ${words}`
    }
    case 'run-checks':
      return 'asks its checks'
    case 'run-hook':
      return `starts the hook ${effect.hook}`
    case 'run-step':
      return `starts ${effect.step} of ${effect.publication.sha256}`
    case 'log':
      return `logs: ${effect.line}`
    default:
      return null
  }
}

function bits(have: Uint8Array): string {
  const indexes = [...have].flatMap((byte, at) =>
    [...byte.toString(2).padStart(8, '0')].flatMap((bit, offset) => (bit === '1' ? [8 * at + offset] : [])),
  )
  return indexes.length === 0 ? 'no piece' : `pieces ${indexes.join(' ')}`
}

function subjectOf(command: Command): string {
  if (command.kind === 'publish') return command.publication.sha256
  if (command.kind === 'set-limits') return command.limits.place || 'the Service Center'
  if (command.kind === 'set-policy') return 'the policy'
  if (command.kind === 'set-publisher') return command.publisher.name
  if (command.kind === 'set-window') return command.window.name
  if (command.kind === 'remove-publisher' || command.kind === 'remove-window') return command.name
  if (command.kind === 'set-advisory') return command.advisory.patch
  if (command.kind === 'set-due-days') return 'the due dates'
  if (command.kind === 'set-retention') return 'the retention'
  if ('patch' in command) return command.patch
  if ('appliance' in command) return command.appliance
  return 'install' in command ? command.install : command.enrollingPeer
}
