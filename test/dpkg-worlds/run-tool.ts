/**
 * Runs a tool of this machine to its end, for building a world or for looking at one; never through the product.
 */
import { spawn } from 'node:child_process'

export type ToolEnd = { readonly status: number; readonly text: string; readonly complaint: string }

/** How long what an ended tool has printed is waited for while somebody else holds its pipes. */
const HELD_PIPES_MS = 500

const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C.UTF-8',
  DEBIAN_FRONTEND: 'noninteractive',
  HOME: '/root',
  USER: 'root',
  LOGNAME: 'root',
  SHELL: '/bin/sh',
  TERM: 'dumb',
}

/** An `Error` unless it ends with status 0. */
export async function runTool(program: string, words: readonly string[], input = ''): Promise<string> {
  const { status, text, complaint } = await askTool(program, words, input)
  if (status !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${status}: ${complaint}${text}`)
  return text
}

export function askTool(program: string, words: readonly string[], input = ''): Promise<ToolEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { env: ENVIRONMENT, stdio: ['pipe', 'pipe', 'pipe'], cwd: '/' })
    const text: Buffer[] = []
    const complaint: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => text.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => complaint.push(chunk))
    child.on('error', reject)
    const end = (status: number | null): void =>
      resolve({
        status: status ?? -1,
        text: Buffer.concat(text).toString(),
        complaint: Buffer.concat(complaint).toString(),
      })
    child.on('close', end)
    // A daemon that a script has left behind may hold the pipes for a day.
    child.on('exit', (status) => setTimeout(end, HELD_PIPES_MS, status).unref())
    child.stdin.on('error', () => child.stdin.destroy())
    child.stdin.end(input)
  })
}
