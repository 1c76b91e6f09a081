/**
 * One start of `patchmesh agent` that is expected to end by itself: how it ended, and what it said.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { LAUNCHER } from '../../simulator/processes/daemon.ts'
import { PATIENCE_MS } from '../../simulator/processes/patience.ts'

/** `sentences` are the lines for a person; the others are the log. */
export type AgentEnd = { status: number | null; stdout: string; stderr: string; sentences: string[] }

export function runAgent(words: readonly string[]): Promise<AgentEnd> {
  return runDaemon(['agent', '--listen', '/ip4/127.0.0.1/tcp/0', ...words])
}

/** The same of `patchmesh controller`. */
export function runController(words: readonly string[]): Promise<AgentEnd> {
  return runDaemon(['controller', '--http', '127.0.0.1:0', '--mesh', '/ip4/127.0.0.1/tcp/0', ...words])
}

async function runDaemon(words: readonly string[]): Promise<AgentEnd> {
  const child = spawn(LAUNCHER, words, { stdio: ['ignore', 'pipe', 'pipe'], timeout: PATIENCE_MS })
  // One that runs does not end by itself.
  child.stdout.on('data', (bytes: Buffer) => {
    if (bytes.includes('ready ')) child.kill()
  })
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')])
  const sentences = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'))
  return { status: status as number | null, stdout, stderr, sentences }
}

/** It ended with status 1 and with one sentence, which says what is wrong and what to do, and no stack trace. */
export function refused(end: AgentEnd, sentence: RegExp): void {
  assert.equal(end.status, 1, end.stderr)
  assert.equal(end.sentences.length, 1, end.stderr)
  assert.match(end.sentences[0] ?? '', sentence)
  assert.match(end.sentences[0] ?? '', /^patchmesh: .*\. [A-Z].*\.$|: .*patchmesh enroll-token/)
  assert.doesNotMatch(end.stderr, /\n {4}at |"stack"/)
  assert.equal(end.stdout, '')
}
