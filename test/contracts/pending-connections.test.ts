/**
 * Who may begin a handshake while others flood.
 */
import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { test } from 'node:test'
import { type Pending, PendingConnections } from '../../agent/shell/network/pending-connections.ts'

const LIMITS = {
  ...{ strangers: 4, strangersPerSecond: 10, strangersPerAddress: 2, known: 4, knownPerAddress: 3, remembered: 2 },
}

class Arriving extends EventEmitter {
  readonly remoteAddress: string
  isAborted = false
  constructor(address: string) {
    super()
    this.remoteAddress = address
  }
  destroy(): this {
    this.isAborted = true
    this.emit('close')
    return this
  }
  get asSocket(): Pending {
    return this as unknown as Pending
  }
}

function pending(nowMs = () => 0) {
  const places = new PendingConnections(LIMITS, nowMs)
  const arrive = (address: string): Arriving | null => {
    const connection = new Arriving(address)
    return places.admit(connection.asSocket) ? connection : null
  }
  const become = (address: string): void => {
    const connection = arrive(address)
    if (connection !== null) places.settled(connection.asSocket, true)
  }
  return { arrive, become, places }
}

test('R9: where all places of strangers are taken, the newcomer gets that of who has waited longest', () => {
  const { arrive } = pending()
  const first = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'].map(arrive)
  assert.ok(arrive('10.0.0.5') !== null)
  assert.deepEqual(
    first.map((one) => one?.isAborted),
    [true, false, false, false],
  )
})

test('R9: one address of strangers takes no more than its share, and drives out its own', () => {
  const { arrive } = pending()
  const other = arrive('10.0.0.9')
  const own = [1, 2, 3].map(() => arrive('10.0.0.1'))
  assert.deepEqual(
    own.map((one) => one?.isAborted),
    [true, false, false],
  )
  assert.equal(other?.isAborted, false)
})

test('R9: strangers beyond so many in a second are refused, and those from the address of a member are not', () => {
  let nowMs = 0
  const { arrive, become } = pending(() => nowMs)
  become('10.0.0.7')
  for (let at = 0; at < 9; at++) assert.ok(arrive(`10.1.0.${at}`) !== null)
  assert.equal(arrive('10.1.0.99'), null)
  const member = arrive('10.0.0.7')
  assert.ok(member !== null)
  assert.equal(member.isAborted, false)
  nowMs = 1000
  assert.ok(arrive('10.1.0.99') !== null)
})

test('R9: no flood of strangers takes the place of somebody from the address of a member', () => {
  const { arrive, become } = pending()
  become('10.0.0.7')
  const member = arrive('10.0.0.7')
  for (let at = 0; at < 9; at++) arrive(`10.1.0.${at}`)
  assert.equal(member?.isAborted, false)
})

test('R9: so many addresses of members are remembered, the latest', () => {
  const { arrive, become } = pending()
  for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) become(address)
  for (let at = 0; at < 9; at++) arrive(`10.1.0.${at}`)
  assert.equal(arrive('10.0.0.1'), null)
  assert.ok(arrive('10.0.0.3') !== null)
})

test('R9: who has proven itself or is gone holds no place', () => {
  const { arrive, places } = pending()
  const first = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'].map(arrive)
  places.settled((first[0] as Arriving).asSocket, false)
  first[1]?.destroy()
  arrive('10.0.0.5')
  arrive('10.0.0.6')
  assert.deepEqual(
    first.map((one) => one?.isAborted),
    [false, true, false, false],
  )
})
