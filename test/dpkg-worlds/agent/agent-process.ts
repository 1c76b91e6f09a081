/**
 * The agent of a world as whoever drives the world has it: started, told, listened to and killed. It plays the Service
 * Center too: it signs orders, acknowledges what comes, and keeps the reports.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { decode, encode } from '../../../protocol/codec.ts'
import { ControlMessage } from '../../../protocol/messages.ts'
import { isRefusal } from '../../../protocol/refusals.ts'
import { type Envelope, envelopeDigest, open, seal } from '../../../protocol/trust/envelope.ts'
import { Acknowledgement, type Letter, Order, type Publication, Report } from '../../../protocol/trust/statements.ts'
import { CACHE } from '../../support/machine.ts'
import { type ApplianceKeys, applianceOf, type ProgramInput, type ProgramOutput } from './agent-lines.ts'
import type { LieName } from './lies.ts'

const DAY_MS = 24 * 3_600_000

export type AgentOptions = {
  /** The file that Node runs; see bundle-agent.ts. */
  readonly program: string
  readonly folder: string
  readonly installRoot: string
  readonly seed: number
  readonly keys: ApplianceKeys
  /** What is planted in it, for the judge to find. */
  readonly lie: LieName | null
  readonly tell: (line: string) => void
}

export class AgentProcess {
  readonly reports: Report[] = []
  readonly #options: AgentOptions
  readonly #appliance: ReturnType<typeof applianceOf>
  #child: ChildProcess | null = null
  #standing: string | null = null
  #broken: string | null = null
  #sequence = 0
  readonly #known = new Set<string>()
  /** Orders that it has not acknowledged, by their digest; sent again at each start, as a new connection does. */
  readonly #orders = new Map<string, Letter>()

  constructor(options: AgentOptions) {
    this.#options = options
    this.#appliance = applianceOf(options.keys)
  }

  get isRunning(): boolean {
    return this.#child !== null
  }

  /** The effect before which it stands still. */
  get standing(): string | null {
    return this.#standing
  }

  /** What ended it, when nobody had asked it to. */
  get broken(): string | null {
    return this.#broken
  }

  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  /** `orders` are what it is told before it does anything of its own. */
  async start(orders: readonly ProgramInput[] = []): Promise<void> {
    const { program, folder, installRoot, seed, lie } = this.#options
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'appliance.json'), JSON.stringify(this.#options.keys))
    const child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        program,
        folder,
        installRoot,
        String(seed),
        JSON.stringify(orders),
        lie ?? '',
      ],
      {
        env: { ...process.env, NODE_COMPILE_CACHE: join(CACHE, 'compiled') },
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    )
    this.#child = child
    this.#standing = null
    let complaint = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString()).slice(-4_000)
    })
    child.stdin?.on('error', () => child.stdin?.destroy())
    const lines = createInterface({ input: child.stdout! })
    const ready = new Promise<void>((resolve) => {
      lines.on('line', (line) => {
        const said: ProgramOutput = JSON.parse(line)
        if (said.says === 'ready') resolve()
        this.#heard(said)
      })
      child.once('exit', (status, signal) => {
        this.#child = null
        this.#standing = null
        if (signal !== 'SIGKILL') this.#broken ??= `the agent ended with ${status ?? signal}: ${complaint}`
        this.#options.tell(`the agent ends: ${signal ?? status}`)
        resolve()
      })
    })
    await ready
    for (const order of this.#orders.values()) this.#send(order)
  }

  tell(input: ProgramInput): void {
    this.#child?.stdin?.write(`${JSON.stringify(input)}\n`)
  }

  order(publication: Publication): void {
    const { identity, serviceCenter, root, membership } = this.#appliance
    this.#sequence += 1
    const id = this.#sequence.toString(16).padStart(32, '0')
    const now = Date.now()
    const order = Order.schema.parse({
      to: identity.peer,
      orderId: id,
      sequence: this.#sequence,
      install: id,
      attempt: 1,
      action: 'install',
      patch: publication.sha256,
      allowOutage: true,
      organization: membership.organization,
      dataCenter: membership.dataCenter,
      issuedAt: now,
      expiresAt: now + 365 * DAY_MS,
      after: null,
      continues: null,
      stages: [],
    })
    const letter = { to: identity.peer, from: root, envelope: seal(Order, order, serviceCenter) }
    this.#orders.set(envelopeDigest(letter.envelope), letter)
    this.#send(letter)
  }

  /** Ends it at once; returns when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }

  goOn(): void {
    this.#standing = null
    this.tell({ tells: 'go-on' })
  }

  #send(letter: Letter): void {
    const message: ControlMessage = { kind: 'letter', letter }
    this.tell({ tells: 'letter', message: Buffer.from(encode(message)).toString('base64') })
  }

  #heard(said: ProgramOutput): void {
    switch (said.says) {
      case 'letter':
        this.#letter(said.message)
        break
      case 'standing':
        this.#standing = said.effect
        this.#options.tell(`the agent stands before ${said.effect}`)
        break
      case 'broken':
        this.#broken = said.error
        break
      case 'effect':
        this.#options.tell(`  effect ${said.effect}`)
        break
      case 'log':
        this.#options.tell(`  log ${said.line}`)
        break
      case 'ready':
        this.#options.tell('the agent runs')
    }
  }

  #letter(text: string): void {
    const message = decode(ControlMessage, Buffer.from(text, 'base64'), 'a message')
    if (isRefusal(message) || message.kind !== 'letter') throw new Error('the agent said what is no letter')
    const { envelope, from } = message.letter
    if (envelope.payloadType === Acknowledgement.payloadType) {
      const acknowledged = open(Acknowledgement, envelope, [this.#appliance.identity.peer])
      if (!isRefusal(acknowledged)) for (const id of acknowledged.letters) this.#orders.delete(id)
      return
    }
    this.#keepReport(envelope)
    const { serviceCenter, root } = this.#appliance
    const received = { from: root, letters: [envelopeDigest(envelope)] }
    this.#send({ to: from, from: root, envelope: seal(Acknowledgement, received, serviceCenter) })
  }

  #keepReport(envelope: Envelope): void {
    if (envelope.payloadType !== Report.payloadType) return
    const report = open(Report, envelope, [this.#appliance.identity.peer])
    if (isRefusal(report)) throw new Error(report.message)
    const id = envelopeDigest(envelope)
    if (this.#known.has(id)) return
    this.#known.add(id)
    this.reports.push(report)
    this.#options.tell(`  says ${report.state}: ${report.reason}`)
  }
}
