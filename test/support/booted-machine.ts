/**
 * A Debian root that systemd has booted, in a container of its own without any network but loopback. Commands run in it as
 * root. It ends with the test, or with the process that has started it.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { eventually } from './eventually.ts'
import { provide } from './machine.ts'

const run = promisify(execFile)
const ENVIRONMENT = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8', 'DEBIAN_FRONTEND=noninteractive']

export class BootedMachine {
  readonly root: string
  readonly #container: ChildProcess
  readonly #leader: string

  private constructor(root: string, container: ChildProcess, leader: string) {
    this.root = root
    this.#container = container
    this.#leader = leader
  }

  /** Resolves when everything that it starts by itself is up. */
  static async boot(root: string): Promise<BootedMachine> {
    await provide('systemd-nspawn', 'nsenter')
    const options = ['--register=no', '--keep-unit', '--private-network', '--quiet', '--boot']
    const container = spawn('systemd-nspawn', ['--directory', root, ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
    let printed = ''
    for (const stream of [container.stdout, container.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed = (printed + text).slice(-4_000)
      })
    }
    try {
      return await eventually('the machine is up', async () => {
        // The first child is another one in the beginning, which makes the container.
        const machine = new BootedMachine(root, container, await leaderOf(container))
        const { stdout } = await machine.run('systemctl is-system-running || true')
        return /^(running|degraded)$/m.test(stdout) && machine
      })
    } catch (cause) {
      container.kill('SIGKILL')
      throw new Error(`systemd did not boot ${root}. What it printed last:\n${printed}`, { cause })
    }
  }

  /** A line of shell. What does not end with status 0 throws, with all that it printed. */
  async run(line: string): Promise<{ stdout: string; stderr: string }> {
    const enter = ['--target', this.#leader, '--all', '--', 'env', '-i', ...ENVIRONMENT]
    return run('nsenter', [...enter, 'sh', '-c', line], { maxBuffer: 64 * 1024 * 1024 })
  }

  /** What it printed, without the line's end. */
  async say(line: string): Promise<string> {
    return (await this.run(line)).stdout.trimEnd()
  }

  async property(unit: string, name: string): Promise<string> {
    return this.say(`systemctl show --property=${name} --value ${unit}`)
  }

  async journal(unit: string): Promise<string> {
    return this.say(`journalctl --no-pager --output=cat --unit=${unit}`)
  }

  async stop(): Promise<void> {
    const ended = once(this.#container, 'exit')
    process.kill(Number(this.#leader), 'SIGKILL')
    await ended
  }
}

/** The first process of the container. Two containers at once would share a control group: one test file boots machines. */
async function leaderOf({ pid }: ChildProcess): Promise<string> {
  const [first] = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')
  if (first === undefined || first === '') throw new Error('the container has no process yet')
  return first
}
