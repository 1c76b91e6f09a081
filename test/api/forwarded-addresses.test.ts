/**
 * Whose address a request is noted with behind a proxy: however the proxy writes it, and what is done where it wrote none
 * that can be read.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type ForwardedHeaders, forwardedAddress } from '../../controller/api/forwarded-address.ts'
import { type Fleet, standardFleet } from '../support/fleet-fixtures.ts'
import { serveApp } from '../support/http-fixtures.ts'
import { rawRequest } from '../support/raw-request.ts'

const by = (headers: Partial<ForwardedHeaders>) =>
  forwardedAddress({ forwardedFor: undefined, forwarded: undefined, ...headers })

describe('F6: the address is read', () => {
  const read: [written: string, address: string][] = [
    ['198.51.100.9', '198.51.100.9'],
    ['198.51.100.9:4711', '198.51.100.9'],
    ['"198.51.100.9:4711"', '198.51.100.9'],
    ['2001:db8::7', '2001:db8::7'],
    ['[2001:db8::7]', '2001:db8::7'],
    ['[2001:db8::7]:4711', '2001:db8::7'],
    ['::ffff:198.51.100.9', '198.51.100.9'],
    ['[::FFFF:198.51.100.9]:80', '198.51.100.9'],
    ['1.2.3.4, [2001:db8::1]:5, 198.51.100.9:4711', '198.51.100.9'],
    ['unknown, 198.51.100.9', '198.51.100.9'],
    [' 1.2.3.4 ,\t198.51.100.9 ', '198.51.100.9'],
  ]
  for (const [written, address] of read) {
    test(`from X-Forwarded-For: ${written}`, () => assert.deepEqual(by({ forwardedFor: written }), { address }))
  }

  const standard: [written: string, address: string][] = [
    ['for=198.51.100.9', '198.51.100.9'],
    ['for="198.51.100.9:4711";proto=https;by=203.0.113.43', '198.51.100.9'],
    ['For="[2001:db8:cafe::17]:4711"', '2001:db8:cafe::17'],
    ['proto=http;FOR="[2001:db8::7]"', '2001:db8::7'],
    ['for=1.2.3.4, for=unknown;host="a,b;for=9.9.9.9", for=198.51.100.9', '198.51.100.9'],
    ['for=1.2.3.4;host="a\\",for=9.9.9.9", for=198.51.100.9', '198.51.100.9'],
  ]
  for (const [written, address] of standard) {
    test(`from Forwarded: ${written}`, () => assert.deepEqual(by({ forwarded: written }), { address }))
  }

  test('from X-Forwarded-For alone where both are there, since a client may have sent the other', () => {
    assert.deepEqual(by({ forwardedFor: '198.51.100.9', forwarded: 'for=1.2.3.4' }), { address: '198.51.100.9' })
    assert.ok('unread' in by({ forwardedFor: 'unknown', forwarded: 'for=1.2.3.4' }))
  })
})

describe('F6: what is no address is not taken for one', () => {
  const unread = [
    '',
    'unknown',
    '1.2.3.4, unknown',
    '1.2.3.4,',
    '_hidden',
    'unix:',
    '1.2.3',
    '1.2.3.4:',
    '1.2.3.4:123456',
  ]
  for (const written of [
    ...unread,
    '[1.2.3.4]',
    '[2001:db8::7',
    '2001:db8::7]:80',
    '[2001:db8::7]x',
    '"',
    'localhost',
  ]) {
    test(JSON.stringify(written), () => assert.ok('unread' in by({ forwardedFor: written }), written))
  }
  for (const written of ['', 'proto=https', 'for=unknown', 'for=', 'for=1.2.3.4, proto=https', 'for="1.2.3.4']) {
    test(`Forwarded: ${written}`, () => assert.ok('unread' in by({ forwarded: written }), written))
  }
})

describe('F6: behind a proxy', () => {
  let fleet: Fleet
  before(async () => {
    fleet = await standardFleet()
  })
  after(() => fleet.close())

  async function origins(headers: Record<string, string>[], behindProxy = true) {
    const app = await serveApp(fleet, { behindProxy })
    try {
      const noted: (string | undefined)[] = []
      for (const one of headers) {
        await rawRequest(await app.signInLink(), { headers: one })
        const [newest] = await fleet.repository.trail({ organizations: null, action: 'sign in', limit: 1 })
        noted.push(newest?.origin)
      }
      return { noted, warnings: app.log.filter((line) => /the address of the proxy is noted/.test(line)) }
    } finally {
      await app.close()
    }
  }

  test('the trail has the address of the client, and nothing is logged', async () => {
    const { noted, warnings } = await origins([
      { 'X-Forwarded-For': '1.2.3.4, 198.51.100.9:4711' },
      { Forwarded: 'for="[2001:db8::7]:4711";proto=https' },
    ])
    assert.deepEqual(noted, ['198.51.100.9', '2001:db8::7'])
    assert.deepEqual(warnings, [])
  })

  test('what cannot be read is logged once for each way, with what was written, and the proxy is noted', async () => {
    const { noted, warnings } = await origins([
      { 'X-Forwarded-For': '1.2.3.4, unix:' },
      { 'X-Forwarded-For': 'unknown' },
      {},
      {},
      { Forwarded: 'for=_hidden' },
    ])
    assert.deepEqual(noted, Array(5).fill('127.0.0.1'))
    assert.equal(warnings.length, 3)
    const [first = '', second = '', third = ''] = warnings
    assert.match(first, /no address at the end of its X-Forwarded-For.*"unread":"unix:"/)
    assert.match(second, /names no address in X-Forwarded-For/)
    assert.match(third, /no address at the end of its Forwarded.*"unread":"for=_hidden"/)
  })

  test('without a proxy nobody can say where they come from', async () => {
    const { noted } = await origins([{ 'X-Forwarded-For': '198.51.100.9', Forwarded: 'for=198.51.100.9' }], false)
    assert.deepEqual(noted, ['127.0.0.1'])
  })
})
