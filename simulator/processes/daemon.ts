/**
 * One daemon of patchmesh as a child process: started through the launcher as a service manager would, known to be up
 * by its `ready` line, ended by SIGTERM. What it logs goes to a file beside its data.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PATIENCE_MS } from './patience.ts'
import { OWN_MARK, RUN_VARIABLE } from './run-mark.ts'

export const LAUNCHER = fileURLToPath(new URL('../../patchmesh', import.meta.url))
const STOP_WITHIN_MS = 30_000

export class Daemon {
  readonly name: string
  readonly #process: ChildProcess
  readonly #logFile: string

  private constructor(name: string, child: ChildProcess, logFile: string) {
    this.name = name
    this.#process = child
    this.#logFile = logFile
  }

  /** Started, and not ready yet; whoever starts it must stop it. `enter` comes before the command. */
  static start(options: { name: string; args: readonly string[]; logFile: string; enter?: readonly string[] }): Daemon {
    const { name, args, logFile, enter = [] } = options
    const log = openSync(logFile, 'a', 0o600)
    const [command = LAUNCHER, ...words] = [...enter, LAUNCHER, ...args]
    const env = { ...process.env, [RUN_VARIABLE]: OWN_MARK }
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', log], env })
    closeSync(log)
    return new Daemon(name, child, logFile)
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  get log(): string {
    return readFileSync(this.#logFile, 'utf8')
  }

  get running(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null
  }

  /** The exit status, once it has ended by itself; null where a signal ended it. */
  async ended(): Promise<number | null> {
    if (this.running) await once(this.#process, 'exit')
    return this.#process.exitCode
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal)
  }

  /** SIGTERM, and SIGKILL if that is not obeyed. The exit status, or null when it had to be killed. */
  async stop(): Promise<number | null> {
    if (!this.running) return this.#process.exitCode
    const exited = once(this.#process, 'exit')
    this.kill('SIGTERM')
    const force = setTimeout(() => this.kill('SIGKILL'), STOP_WITHIN_MS)
    await exited
    clearTimeout(force)
    return this.#process.exitCode
  }

  /** Resolves with the `key=value` pairs of the ready line; rejects with the end of the log when it does not come. */
  ready(): Promise<ReadonlyMap<string, string>> {
    return new Promise((resolve, reject) => {
      const give = (how: string): void =>
        reject(new Error(`${this.name} ${how}. The end of its log:\n${this.log.slice(-2000)}`))
      const late = setTimeout(() => give(`was not ready within ${PATIENCE_MS / 1000} s`), PATIENCE_MS)
      let printed = ''
      this.#process.stdout?.setEncoding('utf8').on('data', (text: string) => {
        printed += text
        const line = /^ready (.*)\n/m.exec(printed)?.[1]
        if (line === undefined) return
        clearTimeout(late)
        resolve(new Map(line.split(/ (?=\w+=)/).map(keyAndValue)))
      })
      this.#process.once('exit', (status, signal) => {
        clearTimeout(late)
        give(`ended with ${signal ?? `status ${status}`}`)
      })
    })
  }
}

function keyAndValue(pair: string): [key: string, value: string] {
  const at = pair.indexOf('=')
  return [pair.slice(0, at), pair.slice(at + 1)]
}
