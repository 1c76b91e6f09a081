/**
 * Whatever goes wrong in a command is one line on standard error that says why and what to do, and the exit
 * status that it has; only a bug of ours shows a stack.
 */
import { AssertionError } from 'node:assert'
import { EXIT, type ExitStatus, refusedStatus, toldStatus } from '../../agent/shell/command-line/exit-status.ts'
import { hint, httpStatus, RefusedError } from '../../protocol/refusals.ts'
import { UsageError } from './command.ts'
import { ServerRefusal, UnreachableError } from './exchange.ts'
import { printable, type Terminal } from './terminal.ts'

export function tellFailure(error: unknown, name: string, terminal: Terminal): ExitStatus {
  const { line, status } = failureOf(error, name)
  terminal.tell(`patchmesh: ${line}`)
  return toldStatus(status)
}

function failureOf(error: unknown, name: string): { line: string; status: ExitStatus } {
  if (error instanceof UsageError)
    return { line: `${sentence(error.message)} See patchmesh ${name} --help.`, status: EXIT.usage }
  if (error instanceof RefusedError) {
    const { refused } = error.refusal
    return { line: advised(error.message, hint(refused)), status: refusedStatus(httpStatus(refused)) }
  }
  if (error instanceof ServerRefusal)
    return { line: advised(error.message, error.hint), status: refusedStatus(error.httpStatus) }
  if (!(error instanceof Error) || isBug(error)) throw error
  const status = error instanceof UnreachableError ? EXIT.unreachable : EXIT.failed
  return { line: sentence(error.message), status }
}

/** Errors of the language are never a sentence for the person at the keyboard. */
function isBug(error: Error): boolean {
  return [AssertionError, TypeError, RangeError, ReferenceError, SyntaxError].some((family) => error instanceof family)
}

function advised(message: string, advice: string): string {
  return advice === '' ? sentence(message) : `${sentence(message)} ${printable(advice)}`
}

/** On one line, with its full stop. */
function sentence(message: string): string {
  const parts = message.split('\n').map((part) => part.trim())
  const line = printable(parts.filter((part) => part !== '').join(' '))
  return /[.!?]$/.test(line) ? line : `${line}.`
}
