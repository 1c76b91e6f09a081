/**
 * `npm run bench:console`: how fast the console is for a large fleet, and with many people looking. The Service Center
 * runs in one process on one core, the people in this one; the figures become a section of docs/benchmarks.md.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { Agent, type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { assetAddress } from '../../controller/page/assets.ts'
import type { Asked, Told } from './served-fleet.ts'

const EXTENT = { appliances: 10_000, organizations: 200, dataCenters: 50, patches: 500, detected: 40, admins: 200 }
const REPORTS = 2_000
const REPORTING_SECONDS = 20
const HEADING = '## The console'
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
  execArgv: ['-c', '0', process.execPath, '--import', 'tsx'],
})
const heard = async <Kind extends Told['kind']>(kind: Kind) => {
  for (;;) {
    const [message] = (await once(server, 'message')) as [Told]
    if (message.kind === kind) return message as Extract<Told, { kind: Kind }>
  }
}
const ask = (asked: Asked) => server.send(asked)

try {
  const { url, cookies, patch } = await heard('ready')
  const admins = cookies.map((cookie) => ({ cookie, agent: new Agent({ keepAlive: true }) }))
  const [first] = admins
  if (first === undefined) throw new Error('nobody is signed in')
  const open = (address: string) => get(url, address, first, {})
  await firstLoad(open)
  for (const [what, address] of [
    ['the list', LIST],
    ['a patch', `${LIST}/${patch}`],
    ['Data Centers', '/data-centers'],
    ['API: the patches', '/api/v1/patches'],
    ['API: a patch', `/api/v1/patches/${patch}`],
    ['API: 100 appliances', '/api/v1/appliances?limit=100'],
    ['API: all appliances', '/api/v1/appliances'],
  ] as const) {
    const times: number[] = []
    for (let turn = 0; turn < 15; turn++) times.push((await open(address)).ms)
    add(`${what}, the slowest of 15`, Math.max(...times), 300, 'ms')
  }
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
  const names = [
    'patternfly.css',
    'page.css',
    'icon.svg',
    'answers.js',
    'live.js',
    'upload.js',
    'actions.js',
    'limits.js',
  ]
  const answers = await Promise.all([LIST, ...names.map(assetAddress)].map(open))
  add('first load of the list, all files, brotli', answers.reduce((sum, { bytes }) => sum + bytes, 0) / 1000, 200, 'kB')
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
        }, 250 * Math.random())
      }),
    )
    stream.on('error', () => process.stderr.write(isOver ? '' : 'an event stream ended\n'))
    stream.end()
    return stream
  })
  const rss: number[] = []
  for (let round = 0; round < 3; round++) {
    times.length = 0
    streamed = 0
    ask({ kind: 'report', reports: REPORTS, seconds: REPORTING_SECONDS })
    rss.push((await heard('reported')).rssBytes)
  }
  times.sort((left, right) => left - right)
  const who = `${admins.length} admins watch while ${REPORTS.toLocaleString('en')} appliances report in ${REPORTING_SECONDS} s`
  add(`${who}: a refresh, 99th percentile`, times[Math.floor(times.length * 0.99)] ?? Infinity, 500, 'ms')
  add('the same: an event stream', streamed / admins.length / REPORTING_SECONDS / 1000, 20, 'kB/s')
  add(
    'the same: growth of memory from the second to the third such 20 s',
    ((rss[2] ?? 0) - (rss[1] ?? 0)) / 1e6,
    30,
    'MB',
  )
  isOver = true
  for (const stream of streams) stream.destroy()
}

async function keep(): Promise<void> {
  const page = new URL('../../docs/benchmarks.md', import.meta.url)
  const sections = (await readFile(page, 'utf8')).split(/^(?=## )/m).filter((section) => !section.startsWith(HEADING))
  const { appliances, organizations, dataCenters, patches, detected } = EXTENT
  const extent = `${appliances.toLocaleString('en')} appliances of ${organizations} organizations in ${dataCenters} Data Centers, ${patches} patches, of ${detected} of which every tenant appliance has told what it has`
  const rows = figures.map(
    ({ what, measured, limit, isMet }) => `| ${what} | ${isMet ? measured : `**${measured}**`} | ${limit} |`,
  )
  const table = `| what | measured | at most |\n| --- | --- | --- |\n${rows.join('\n')}\n`
  const section = `${HEADING}\n\nWritten by \`npm run bench:console\`: ${extent}; the Service Center on one core, real HTTP over loopback. ${new Date().toISOString().slice(0, 10)}.\n\n${table}`
  await writeFile(page, `${sections.join('').trimEnd()}\n\n${section}`)
  process.stdout.write(table)
}
