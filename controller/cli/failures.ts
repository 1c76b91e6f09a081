/**
 * Whatever goes wrong in a command is one line on standard error that says why and what to do, and an exit status of the
 * contract; only a bug of ours shows a stack.
 */
import { AssertionError } from 'node:assert'
import { hint, RefusedError } from '../../protocol/refusals.ts'
import { UsageError } from './command.ts'
import { ServerRefusal } from './exchange.ts'
import { printable, type Terminal } from './terminal.ts'

/** 1 for a refusal or a failure, 2 for wrong usage. */
export function tellFailure(error: unknown, name: string, terminal: Terminal): 1 | 2 {
  if (error instanceof UsageError) {
    terminal.tell(`patchmesh: ${sentence(error.message)} See patchmesh ${name} --help.`)
    return 2
  }
  if (error instanceof RefusedError) terminal.tell(`patchmesh: ${advised(error.message, hint(error.refusal.refused))}`)
  else if (error instanceof ServerRefusal) terminal.tell(`patchmesh: ${advised(error.message, error.hint)}`)
  else if (error instanceof Error && !isBug(error)) terminal.tell(`patchmesh: ${sentence(error.message)}`)
  else throw error
  return 1
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
