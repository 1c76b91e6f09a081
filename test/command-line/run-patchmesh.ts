/**
 * Runs the real `./patchmesh` with these words and gives all that it printed and its exit status.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../../patchmesh', import.meta.url))

export type Outcome = { readonly status: number | null; readonly stdout: string; readonly stderr: string }

export async function patchmesh(
  words: readonly string[],
  given: { readonly environment?: Record<string, string>; readonly input?: string } = {},
): Promise<Outcome> {
  const { PATCHMESH_SERVER: _server, PATCHMESH_API_TOKEN: _token, ...inherited } = process.env
  const child = spawn(launcher, [...words], { env: { ...inherited, ...given.environment } })
  child.stdin.end(given.input ?? '')
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  return { status: status as number | null, stdout, stderr }
}
