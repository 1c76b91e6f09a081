/**
 * The log: one JSON line an event, on standard error, with the words of the types. At the level `debug` it shows every event
 * and effect but those of single pieces. Where standard error is the journal of systemd, each line is what journalctl
 * shows and filters: its priority, the words, and the fields behind them.
 */
import { fstatSync } from 'node:fs'
import pino, { type Logger } from 'pino'
import { MAX_LOG_BYTES } from '../../protocol/limits.ts'
import { redacted } from '../../protocol/redacted.ts'

export type Log = Logger

/** The last lines that were logged, so many bytes of them at most; for whoever asks from afar. */
export class RecentLines {
  #lines: string[] = []
  #bytes = 0

  add(line: string): void {
    const kept = redacted(line)
    this.#lines.push(kept)
    this.#bytes += Buffer.byteLength(kept)
    while (this.#bytes > MAX_LOG_BYTES) this.#bytes -= Buffer.byteLength(this.#lines.shift() ?? '')
  }

  text(): string {
    return this.#lines.join('')
  }
}

export function openLog(name: string, level: string, recent?: RecentLines): Log {
  const errors = pino.destination({ dest: 2, sync: true })
  const shown = isJournal(2) ? journalLine : (line: string) => line
  const write = (line: string): void => {
    recent?.add(line)
    errors.write(shown(line))
  }
  return pino({ name, level, base: { pid: process.pid } }, { write })
}

/** Whether this descriptor is the stream to the journal that systemd has opened, and nobody has turned it elsewhere. */
function isJournal(descriptor: number): boolean {
  const { dev, ino } = fstatSync(descriptor)
  return process.env['JOURNAL_STREAM'] === `${dev}:${ino}`
}

/** Of syslog, by the levels of pino. */
const PRIORITIES: Readonly<Record<number, number>> = { 10: 7, 20: 7, 30: 6, 40: 4, 50: 3, 60: 2 }

/** What the journal knows by itself, time, process and daemon, is left out (systemd's sd-daemon(3): the prefix is the priority). */
export function journalLine(line: string): string {
  const {
    level,
    time: _time,
    pid: _pid,
    name: _name,
    msg = '',
    ...fields
  } = JSON.parse(line) as { level: number; msg?: string } & Record<string, unknown>
  const rest = Object.keys(fields).length === 0 ? '' : JSON.stringify(fields)
  return `<${PRIORITIES[level] ?? 6}>${[msg, rest].filter((part) => part !== '').join(' ')}\n`
}

/** Kinds that come thousands of times a second and would drown the rest. */
const FREQUENT = new Set([
  'tick',
  'piece-received',
  'piece-stored',
  'store-piece',
  'drop-piece',
  'send-piece',
  'piece-sent',
  'receiving',
  'send-pieces',
  'pieces-received',
])

/** One line for an event or effect, in the same words as its type. */
export function trace(log: Log, direction: 'event' | 'effect', { kind, ...rest }: { kind: string }): void {
  if (FREQUENT.has(kind) || !log.isLevelEnabled('debug')) return
  log.debug({ [direction]: kind, about: summary(rest) })
}

function summary(fields: Record<string, unknown>): Record<string, unknown> {
  const short: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(fields)) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') short[key] = value
    else if (typeof value === 'object' && value !== null && 'kind' in value) short[key] = value.kind
  }
  return short
}
