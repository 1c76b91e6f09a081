/**
 * Catches what a program prints: its last part, whatever the amount, at no cost of memory or disk.
 *
 * The program writes into a named pipe. While the agent lives, the agent reads it and keeps the end. Beside it waits a
 * *drain*, a shell that holds the pipe open and does nothing until the agent lets go of its input, by ending or by being
 * killed; then it becomes `cat` and throws away what still comes. So a program outlives the agent without ever meeting a
 * broken or a full pipe, and a daemon that it left behind may keep printing. A plain file instead of the pipe would be
 * filled to the last block of the disk by a program that prints without end while the agent is down.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { MAX_REPORTED_OUTPUT_BYTES } from '../../../protocol/limits.ts'
import { cleanEnvironment } from './clean-environment.ts'

const makePipe = promisify(execFile)
const DRAIN = 'read -r agent_let_go; exec cat <&3 >/dev/null'
/** More than a pipe holds: everything printed before the program ended is read, and a babbling daemon is not listened to. */
const MAX_REST_BYTES = 1024 * 1024

export class ProgramOutput {
  /** The descriptor that the program gets for its standard output and its standard error. */
  readonly writeEnd: number
  readonly #readEnd: number
  readonly #reader: Socket
  readonly #drain: ChildProcess
  #last = Buffer.alloc(0)
  #failure: Error | null = null

  private constructor(writeEnd: number, readEnd: number, drain: ChildProcess) {
    this.writeEnd = writeEnd
    this.#readEnd = readEnd
    this.#drain = drain
    this.#reader = new Socket({ fd: readEnd, readable: true, writable: false })
    this.#reader.on('data', (chunk: Buffer) => this.#keep(chunk))
    this.#reader.on('error', (error) => {
      this.#failure = error
    })
  }

  /** Makes the pipe in the folder; its name is gone again when this returns. */
  static async open(folder: string): Promise<ProgramOutput> {
    const path = join(folder, 'output.pipe')
    await rm(path, { force: true })
    await makePipe('mkfifo', ['--mode=600', path], { env: cleanEnvironment() })
    // Opened for both directions first, so that no later opening waits for a partner.
    const both = openSync(path, constants.O_RDWR)
    const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const drainEnd = openSync(path, constants.O_RDONLY)
    const writeEnd = openSync(path, constants.O_WRONLY)
    closeSync(both)
    await rm(path)
    const drain = spawn('/bin/sh', ['-c', DRAIN], {
      stdio: ['pipe', 'ignore', 'ignore', drainEnd],
      env: cleanEnvironment(),
      cwd: '/',
      detached: true,
    })
    closeSync(drainEnd)
    const output = new ProgramOutput(writeEnd, readEnd, drain)
    drain.on('error', (error) => {
      output.#failure = error
    })
    drain.unref()
    return output
  }

  /** To be called once the program has its copy, so that the pipe ends with the program. */
  closeWriteEnd(): void {
    closeSync(this.writeEnd)
  }

  /** The last part of what was printed until now, as text for a person; a daemon that still holds the pipe is left to the drain. */
  finish(): string {
    const rest = Buffer.alloc(64 * 1024)
    for (let total = 0; total < MAX_REST_BYTES && !this.#reader.destroyed; ) {
      const count = readNow(this.#readEnd, rest)
      if (count === 0) break
      this.#keep(rest.subarray(0, count))
      total += count
    }
    this.#reader.destroy()
    this.#drain.stdin?.destroy()
    if (this.#failure !== null) throw new Error('the output of a program could not be read', { cause: this.#failure })
    return readableText(this.#last)
  }

  #keep(chunk: Buffer): void {
    this.#last = Buffer.concat([this.#last, chunk]).subarray(-MAX_REPORTED_OUTPUT_BYTES)
  }
}

/** 0 at the end of the pipe and when nothing is in it now. */
function readNow(descriptor: number, into: Buffer): number {
  try {
    return readSync(descriptor, into)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0
    throw error
  }
}

/**
 * The end of `bytes` as text of at most `MAX_REPORTED_OUTPUT_BYTES` in UTF-8: a character cut in two at the front is
 * dropped; bytes that are no text, and characters that would steer a terminal or hide in a page, become U+FFFD.
 */
export function readableText(bytes: Uint8Array): string {
  let start = 0
  while (start < 3 && start < bytes.byteLength && ((bytes[start] as number) & 0xc0) === 0x80) start++
  const text = new TextDecoder()
    .decode(bytes.subarray(start))
    .replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\uFFFD')
  const encoded = Buffer.from(text)
  let cut = Math.max(0, encoded.byteLength - MAX_REPORTED_OUTPUT_BYTES)
  while (cut < encoded.byteLength && ((encoded[cut] as number) & 0xc0) === 0x80) cut++
  return encoded.subarray(cut).toString()
}
