/**
 * Requests of people at the appliance, from a text to a text: what only shows is answered at once, what would change
 * something becomes an event of the loop, and is answered when its effects are durable.
 */
import type { OrderId } from '../../../protocol/identifiers.ts'
import { isRefusal, type Refusal } from '../../../protocol/refusals.ts'
import type { Visitor } from '../../core/events.ts'
import type { ApplianceStatus } from '../../core/status.ts'
import { type VisitAnswer, VisitRequest } from './requests.ts'

type Performed = Refusal | { stopped: OrderId; title: string }

export class Visitors {
  readonly #status: () => ApplianceStatus
  readonly #stop: (visitor: Visitor, asked: { order: OrderId | null; by: string }) => void
  readonly #waiting = new Map<Visitor, (answer: Performed) => void>()
  #newest = 0

  constructor(options: {
    status: () => ApplianceStatus
    stop: (visitor: Visitor, asked: { order: OrderId | null; by: string }) => void
  }) {
    this.#status = options.status
    this.#stop = options.stop
  }

  async ask(text: string): Promise<VisitAnswer> {
    const request = readRequest(text)
    if (request === null) return refused({ refused: 'bad_request', message: 'this agent does not know that request' })
    if (request.kind === 'status') return { kind: 'status', status: this.#status() }
    this.#newest += 1
    const visitor = this.#newest as Visitor
    const performed = await new Promise<Performed>((resolve) => {
      this.#waiting.set(visitor, resolve)
      this.#stop(visitor, request)
    })
    return isRefusal(performed)
      ? refused(performed)
      : { kind: 'stopped', order: performed.stopped, title: performed.title }
  }

  answer(visitor: Visitor, performed: Performed): void {
    this.#waiting.get(visitor)?.(performed)
    this.#waiting.delete(visitor)
  }
}

function readRequest(text: string): VisitRequest | null {
  try {
    return VisitRequest.safeParse(JSON.parse(text)).data ?? null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function refused({ refused: code, message }: Refusal): VisitAnswer {
  return { kind: 'refused', refused: code, message }
}
