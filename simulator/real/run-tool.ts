/**
 * Runs one of the system's own tools (`ip`, `tc`) and gives what it printed; what it complained of becomes the error. It
 * carries the mark of the run, so that none goes on making something while the run is swept.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { OWN_MARK, RUN_VARIABLE } from '../processes/run-mark.ts'

export async function runTool(command: string, args: readonly string[], input: string = ''): Promise<string> {
  const env = { ...process.env, [RUN_VARIABLE]: OWN_MARK }
  const child = spawn(command, [...args], { stdio: ['pipe', 'pipe', 'pipe'], env })
  // A tool that fails at once does not read its input; why it failed is what it complained of.
  let unread = ''
  child.stdin.on('error', ({ message }) => {
    if (input !== '') unread = `it did not read its input (${message})`
  })
  child.stdin.end(input)
  const exited = once(child, 'close')
  try {
    const [printed, complaint, [status]] = await Promise.all([text(child.stdout), text(child.stderr), exited])
    if (status === 0 && unread === '') return printed
    throw new Error(complaint.trim().split('\n')[0] || unread || `status ${status}`)
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')}: ${(error as Error).message}`, { cause: error })
  }
}
