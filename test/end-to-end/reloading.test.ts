/**
 * SIGHUP at real processes: what can change changes, what is wrong changes nothing, and what waits for a start is named.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { connect } from 'node:tls'
import { stringify } from 'yaml'
import { Daemon } from '../../simulator/processes/daemon.ts'
import { Fleet } from '../../simulator/processes/fleet.ts'
import { writeControlledBundle } from '../support/controlled-bundle.ts'
import { eventually } from '../support/eventually.ts'
import { slotOf } from '../support/fleet-slots.ts'
import { provide } from '../support/machine.ts'
import { publisherFixture } from '../support/publisher-fixtures.ts'

let folder: string
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'patchmesh-reloading-'))
  await provide('openssl')
})
after(() => rm(folder, { recursive: true, force: true }))

function makeCertificate(name: string): void {
  const files = ['-keyout', path.join(folder, 'key.pem'), '-out', path.join(folder, 'certificate.pem')]
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  execFileSync('openssl', [...words, ...files, '-subj', `/CN=${name}`], { stdio: 'pipe' })
}

/** The name in the certificate of whoever listens there. */
async function presented(url: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false })
  await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject))
  const { subject } = socket.getPeerCertificate()
  socket.destroy()
  return String(subject.CN)
}

const times = (text: string, line: RegExp): number => [...text.matchAll(new RegExp(line, 'g'))].length

test('a controller takes a renewed certificate, and keeps what it had when the file is wrong', async () => {
  makeCertificate('first')
  const file = path.join(folder, 'controller.yaml')
  const settings = {
    data: path.join(folder, 'center'),
    http: '127.0.0.1:0',
    mesh: ['/ip4/127.0.0.1/tcp/0'],
    tlsCert: path.join(folder, 'certificate.pem'),
    tlsKey: path.join(folder, 'key.pem'),
  }
  await writeFile(file, stringify(settings))
  const logFile = path.join(folder, 'controller.log')
  const controller = Daemon.start({ name: 'controller', args: ['controller', '--config', file], logFile })
  try {
    const url = (await controller.ready()).get('http') ?? ''
    assert.equal(await presented(url), 'first')

    makeCertificate('second')
    controller.kill('SIGHUP')
    await eventually('the new certificate', async () => (await presented(url)) === 'second')
    assert.equal(times(controller.log, /"the configuration was read again"/), 1)
    assert.doesNotMatch(controller.log, /they hold from the next start on/)

    await writeFile(file, stringify({ ...settings, mesch: [] }))
    makeCertificate('third')
    controller.kill('SIGHUP')
    await eventually('the refusal', () =>
      /the configuration stays as it was: .*did you mean mesh\?/.test(controller.log),
    )
    assert.equal(await presented(url), 'second')

    await writeFile(path.join(folder, 'key.pem'), 'torn')
    await writeFile(file, stringify(settings))
    controller.kill('SIGHUP')
    await eventually('the refusal', () => /stays as it was: .*key\.pem cannot be used for HTTPS/.test(controller.log))
    assert.equal(await presented(url), 'second')

    const { tlsKey: _, ...half } = settings
    await writeFile(file, stringify(half))
    controller.kill('SIGHUP')
    await eventually('the refusal', () => /stays as it was: .*tlsCert and tlsKey, go together/.test(controller.log))
    assert.ok(controller.running)

    makeCertificate('fourth')
    await writeFile(file, stringify({ ...settings, http: '127.0.0.1:9', silenceSeconds: 60 }))
    controller.kill('SIGHUP')
    await eventually('what waits', () => /"settings":\["http","silenceSeconds"\]/.test(controller.log))
    assert.equal(await presented(url), 'fourth')
  } finally {
    assert.equal(await controller.stop(), 0)
  }
})

test('an agent goes by another list of publishers and another log level from then on, and says what waits for a start', async () => {
  const fleet = await Fleet.start()
  try {
    const config = path.join(fleet.folder, 'agent.yaml')
    await writeFile(config, stringify({ silenceSeconds: 40 }))
    const place = { organization: 'Provider', kind: 'service-provider', dataCenter: 'Paris' }
    await fleet.add(slotOf({ ...place, name: 'depot', role: 'primary' }), ['--config', config])
    await fleet.reachable(['depot'])
    const install = async (version: string): Promise<string> => {
      const out = path.join(fleet.folder, `kernel-${version}.patch`)
      await writeControlledBundle({ out, name: 'kernel', version })
      const { id } = await fleet.api.upload(out)
      const isThere = (answer: { replications: { complete: number } }) => answer.replications.complete === 1
      await fleet.until('it is replicated', () => fleet.api.patch(id), isThere)
      const order = { patch: id, organizations: ['Provider'], dataCenter: 'All', allowOutage: true }
      const { id: started } = await fleet.api.startInstall(order)
      const look = () => fleet.api.install(started)
      const { targets } = await fleet.until('it ends', look, ({ state }) => ['done', 'halted'].includes(state))
      return `${targets[0]?.state}: ${targets[0]?.reason}`
    }
    const log = () => fleet.daemon('depot').log
    assert.match(await install('1.0'), /^installed: /)

    await writeFile(
      config,
      stringify({ publishers: [publisherFixture('Acme', {}).publisher], installRoot: '/elsewhere' }),
    )
    fleet.daemon('depot').kill('SIGHUP')
    await eventually('what waits', () => /"settings":\["installRoot"\]/.test(log()))
    assert.match(await install('1.1'), /^refused: kernel is not signed/)

    assert.doesNotMatch(log(), /"event":/)
    await writeFile(config, 'publishers: []\nlogLevel: debug\n')
    fleet.daemon('depot').kill('SIGHUP')
    await eventually('the second reading', () => times(log(), /"the configuration was read again"/) === 2)
    assert.match(await install('1.2'), /^installed: /)
    assert.match(log(), /"event":/)
  } finally {
    await fleet.stop()
  }
})
