/**
 * Asks a program of the appliance a short question that changes nothing: `dpkg-query`, `dpkg --audit`. Such a question
 * is asked outside orders too, so it leaves no record and needs no scratch folder; whatever changes the appliance goes
 * through run-program.ts instead. An answer is bounded in size and in time.
 */
import { type ExecFileException, execFile } from 'node:child_process'
import { cleanEnvironment } from './clean-environment.ts'

/** The status of one package and the audit of a whole database are far smaller. */
const MAX_ANSWER_BYTES = 1024 * 1024
/** A database of ten thousand packages on a slow disk answers within seconds. */
const ANSWER_DEADLINE_MS = 60_000

export type Answer = { readonly status: number; readonly text: string; readonly complaint: string }

/** `null` when the program is not on this appliance. An answer that is late or endless is an `Error`. */
export function askProgram(program: string, ...words: string[]): Promise<Answer | null> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      program,
      words,
      { env: cleanEnvironment(), cwd: '/', maxBuffer: MAX_ANSWER_BYTES, timeout: ANSWER_DEADLINE_MS },
      (error, text, complaint) => {
        if (error === null) resolve({ status: 0, text, complaint })
        else if (error.code === 'ENOENT') resolve(null)
        else if (typeof error.code === 'number') resolve({ status: error.code, text, complaint })
        else reject(new Error(`asking ${program} ${words.join(' ')} failed: ${why(error)}`, { cause: error }))
      },
    )
    child.stdin?.end()
  })
}

function why(error: ExecFileException): string {
  return error.killed === true ? `no answer within ${ANSWER_DEADLINE_MS / 1000} s` : error.message
}
