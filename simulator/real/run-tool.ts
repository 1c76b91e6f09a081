/**
 * Runs one of the system's own tools (`ip`, `tc`) and gives what it printed; what it complained of becomes the error.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

export async function runTool(command: string, args: readonly string[], input: string = ''): Promise<string> {
  const child = spawn(command, [...args], { stdio: ['pipe', 'pipe', 'pipe'] })
  // A tool that fails at once does not read its input.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const exited = once(child, 'close')
  try {
    const [printed, complaint, [status]] = await Promise.all([text(child.stdout), text(child.stderr), exited])
    if (status === 0) return printed
    throw new Error(complaint.trim().split('\n')[0] || `status ${status}`)
  } catch (error) {
    throw new Error(`${command} ${args.join(' ')}: ${(error as Error).message}`, { cause: error })
  }
}
