/**
 * Requests of people at the appliance, from a text to a text: what only shows is answered at once, what would change
 * something becomes an event of the loop, and is answered when its effects are durable.
 */
import type { Socket } from 'node:net'
import type { OrderId } from '../../../protocol/identifiers.ts'
import { isRefusal, type Refusal } from '../../../protocol/refusals.ts'
import type { AgentEffect, Visitor } from '../../core/events.ts'
import type { ImportAnswer } from '../../core/import-answers.ts'
import type { ApplianceStatus } from '../../core/status.ts'
import { Answers } from './answers.ts'
import { type ImportWork, receiveImport } from './receive-import.ts'
import { type VisitAnswer, VisitRequest } from './requests.ts'

type Answer = Extract<AgentEffect, { kind: 'answer-visitor' }>['answer']
type Stopped = Exclude<Answer, ImportAnswer>

export class Visitors {
  readonly #status: () => ApplianceStatus
  readonly #stop: (visitor: Visitor, asked: { order: OrderId | null; by: string }) => void
  readonly #importing: ImportWork
  readonly #waiting = new Map<Visitor, Answers<Answer>>()
  #newest = 0

  constructor(options: {
    status: () => ApplianceStatus
    stop: (visitor: Visitor, asked: { order: OrderId | null; by: string }) => void
    importing: ImportWork
  }) {
    this.#status = options.status
    this.#stop = options.stop
    this.#importing = options.importing
  }

  /** What follows the text comes over the socket. Null where nobody waits for an answer any more. */
  async ask(text: string, socket: Socket): Promise<VisitAnswer | null> {
    const request = readRequest(text)
    if (request === null) return refused({ refused: 'bad_request', message: 'this agent does not know that request' })
    if (request.kind === 'status') return { kind: 'status', status: this.#status() }
    this.#newest += 1
    const visitor = this.#newest as Visitor
    const answers = new Answers<Answer>()
    this.#waiting.set(visitor, answers)
    try {
      if (request.kind === 'import') {
        const nextAnswer = () => answers.next() as Promise<ImportAnswer>
        return await receiveImport(this.#importing, { visitor, request, socket, nextAnswer })
      }
      this.#stop(visitor, request)
      const performed = (await answers.next()) as Stopped | Refusal
      return isRefusal(performed)
        ? refused(performed)
        : { kind: 'stopped', order: performed.stopped, title: performed.title }
    } finally {
      this.#waiting.delete(visitor)
    }
  }

  answer(visitor: Visitor, answer: Answer): void {
    this.#waiting.get(visitor)?.push(answer)
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
