/**
 * The log: one JSON line an event, on standard error, with the words of the types. `PATCHMESH_LOG` chooses the level:
 * `debug` shows every event and effect but those of single pieces.
 */
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

export function openLog(name: string, recent?: RecentLines): Log {
  const errors = pino.destination({ dest: 2, sync: true })
  const write = (line: string): void => {
    recent?.add(line)
    errors.write(line)
  }
  return pino({ name, level: process.env['PATCHMESH_LOG'] ?? 'info', base: { pid: process.pid } }, { write })
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
