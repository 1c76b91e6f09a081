/**
 * `npm run bench:console`: how fast the console is for a large fleet, and with many people looking. The Service Center
 * runs in one process on one core, the people in this one; the figures become a section of docs/benchmarks.md.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { Agent, type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { assetAddress } from '../../controller/page/assets.ts'
import { keepSection } from './benchmarks-page.ts'
import type { Asked, Told } from './served-fleet.ts'

const EXTENT = { appliances: 10_000, organizations: 200, dataCenters: 50, patches: 500, detected: 40, admins: 200 }
const REPORTS = 2_000
const REPORTING_SECONDS = 20
/** How long a page may wait before it asks again (live.js). */
const SPREAD_MS = 250
const HEADING = '## The console'
/** As measured with --trace-gc. */
const PAUSE =
  ' A full garbage collection of its heap of 150 MB stops it for 0.3 to 0.4 s; whether one falls on a request is chance.'
const LIST = '/appliances/software-updates'

type Figure = { what: string; measured: string; limit: string; isMet: boolean }
const figures: Figure[] = []
const add = (what: string, measured: number, limit: number, unit: string) => {
  figures.push({
    what,
    measured: `${measured.toFixed(1)} ${unit}`,
    limit: `${limit} ${unit}`,
    isMet: measured <= limit,
  })
  process.stderr.write(`${what}: ${measured.toFixed(1)} ${unit}, at most ${limit}\n`)
}

const server = fork(join(import.meta.dirname, 'served-fleet.ts'), [JSON.stringify(EXTENT)], {
  execPath: '/usr/bin/taskset',
  execArgv: ['-c', '0', process.execPath, '--expose-gc', '--import', 'tsx'],
})
const heard = async <Kind extends Told['kind']>(kind: Kind) => {
  for (;;) {
    const [message] = (await once(server, 'message')) as [Told]
    if (message.kind === kind) return message as Extract<Told, { kind: Kind }>
  }
}
const ask = (asked: Asked) => server.send(asked)

try {
  const { url, cookies, limited, patch, appliance } = await heard('ready')
  const admins = cookies.map((cookie) => ({ cookie, agent: new Agent({ keepAlive: true }) }))
  const [first] = admins
  if (first === undefined) throw new Error('nobody is signed in')
  const open = (address: string, who = first) => get(url, address, who, {})
  const someone = { cookie: limited, agent: new Agent({ keepAlive: true }) }
  await firstLoad(open)
  for (const [what, address, who] of [
    ['the list', LIST, first],
    ['the list, for somebody who is limited to one organization', LIST, someone],
    ['a patch', `${LIST}/${patch}`, first],
    ['a patch, for the same person', `${LIST}/${patch}`, someone],
    ['appliances', '/appliances', first],
    ['appliances, found by a word and sorted', '/appliances?search=organization-17&sort=lastSeen', first],
    ['an appliance', `/appliances/${encodeURIComponent(appliance)}`, first],
    ['Data Centers', '/data-centers', first],
    ['the trail', '/access/trail', first],
    ['API: the patches', '/api/v1/patches', first],
    ['API: a patch', `/api/v1/patches/${patch}`, first],
    ['API: 100 appliances', '/api/v1/appliances?limit=100', first],
    ['API: all appliances at once', '/api/v1/appliances', first],
  ] as const) {
    const times: number[] = []
    for (let turn = 0; turn < 15; turn++) {
      const { ms, status } = await open(address, who)
      if (status !== 200) throw new Error(`${address} is answered with ${status}`)
      times.push(ms)
    }
    add(`${what}, the slowest of 15`, Math.max(...times), address === '/api/v1/appliances' ? 1000 : 300, 'ms')
  }
  add('from a receipt to the number on an open page', await receiptToPage(url, first), 1000, 'ms')
  await watching(url, admins)
} finally {
  server.disconnect()
}
await keep()
process.exit(figures.every(({ isMet }) => isMet) ? 0 : 1)

type Admin = { cookie: string; agent: Agent }
type Answer = { ms: number; bytes: number; status: number; tag: string }

function get(url: string, address: string, { cookie, agent }: Admin, headers: Record<string, string>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const began = performance.now()
    const asked = { Cookie: cookie, Accept: 'text/html', 'Accept-Encoding': 'br', ...headers }
    const outgoing = request(`${url}${address}`, { agent, headers: asked }, (answer: IncomingMessage) => {
      let bytes = 0
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.byteLength
      })
      answer.on('end', () => {
        const tag = String(answer.headers.etag ?? '')
        resolve({ ms: performance.now() - began, bytes, status: answer.statusCode ?? 0, tag })
      })
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

async function firstLoad(open: (address: string) => Promise<Answer>): Promise<void> {
  const names = await readdir(join(import.meta.dirname, '../../controller/page/assets'))
  const addresses = [LIST, ...['patternfly.css', ...names].map(assetAddress)]
  const answers = await Promise.all(addresses.map((address) => open(address)))
  add('first load of the list, all files, brotli', answers.reduce((sum, { bytes }) => sum + bytes, 0) / 1000, 200, 'kB')
}

async function receiptToPage(url: string, admin: Admin): Promise<number> {
  const shown = await get(url, LIST, admin, { 'Patchmesh-Refresh': '1' })
  const began = performance.now()
  const told = new Promise<void>((resolve, reject) => {
    const stream = request(`${url}/api/v1/events`, { headers: { Cookie: admin.cookie } }, (answer) => {
      ask({ kind: 'receive' })
      answer.on('data', (chunk: Buffer) => {
        if (!chunk.includes('patches')) return
        stream.destroy()
        resolve()
      })
    })
    stream.on('error', reject)
    stream.end()
  })
  await told
  await pause(SPREAD_MS)
  const changed = await get(url, LIST, admin, { 'Patchmesh-Refresh': '1', 'If-None-Match': shown.tag })
  if (changed.status !== 200) throw new Error('the page does not show the receipt')
  return performance.now() - began
}

/** Every admin listens, and reads the page again as live.js does, while appliances report. */
async function watching(url: string, admins: readonly Admin[]): Promise<void> {
  const times: number[] = []
  let streamed = 0
  let isOver = false
  const streams = admins.map((admin) => {
    let tag = ''
    let busy = false
    let again = false
    let soon: NodeJS.Timeout | undefined
    const refresh = async (): Promise<void> => {
      again = busy
      if (busy || isOver) return
      busy = true
      const answer = await get(url, LIST, admin, { 'Patchmesh-Refresh': '1', 'If-None-Match': tag })
      times.push(answer.ms)
      if (answer.tag !== '') tag = answer.tag
      await pause(Math.max(400, 4 * answer.ms))
      busy = false
      if (again) await refresh()
    }
    const stream = request(`${url}/api/v1/events`, { headers: { Cookie: admin.cookie } }, (answer) =>
      answer.on('data', (chunk: Buffer) => {
        streamed += chunk.byteLength
        soon ??= setTimeout(() => {
          soon = undefined
          refresh().catch((error: unknown) => process.stderr.write(`${String(error)}\n`))
        }, SPREAD_MS * Math.random())
      }),
    )
    stream.on('error', () => process.stderr.write(isOver ? '' : 'an event stream ended\n'))
    stream.end()
    return stream
  })
  const heap: number[] = []
  for (let round = 0; round < 3; round++) {
    times.length = 0
    streamed = 0
    ask({ kind: 'report', reports: REPORTS, seconds: REPORTING_SECONDS })
    heap.push((await heard('reported')).heapBytes)
  }
  times.sort((left, right) => left - right)
  const who = `${admins.length} admins watch while ${REPORTS.toLocaleString('en')} appliances report in ${REPORTING_SECONDS} s`
  add(`${who}: a refresh, 99th percentile`, times[Math.floor(times.length * 0.99)] ?? Infinity, 500, 'ms')
  add('the same: an event stream', streamed / admins.length / REPORTING_SECONDS / 1000, 20, 'kB/s')
  add(
    'the same: growth of the heap from the second to the third such 20 s',
    ((heap[2] ?? 0) - (heap[1] ?? 0)) / 1e6,
    5,
    'MB',
  )
  isOver = true
  for (const stream of streams) stream.destroy()
}

async function keep(): Promise<void> {
  const { appliances, organizations, dataCenters, patches, detected } = EXTENT
  const extent = `${appliances.toLocaleString('en')} appliances of ${organizations} organizations in ${dataCenters} Data Centers, ${patches} patches, of ${detected} of which every tenant appliance has told what it has`
  const rows = figures.map(
    ({ what, measured, limit, isMet }) => `| ${what} | ${isMet ? measured : `**${measured}**`} | ${limit} |`,
  )
  const table = `| what | measured | at most |\n| --- | --- | --- |\n${rows.join('\n')}`
  const about = `\`npm run bench:console\`: ${extent}; the Service Center on one core, real HTTP over loopback.${PAUSE}`
  await keepSection(HEADING, about, table)
  process.stdout.write(`${table}\n`)
}
