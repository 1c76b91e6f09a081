import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { boundedPasswords, weakness } from '../../controller/shell/passwords.ts'
import { type Attempt, signInThrottle } from '../../controller/shell/sign-in-throttle.ts'
import { isRefusal } from '../../protocol/refusals.ts'

const passwords = boundedPasswords()
const kept = async (password: string): Promise<string> => {
  const hash = await passwords.hash(password)
  return isRefusal(hash) ? assert.fail(hash.message) : hash
}

describe('passwords', () => {
  test('are kept as argon2id with 19 MiB and two passes, never twice the same', async () => {
    const [one, two] = [await kept('wagon lantern orbit'), await kept('wagon lantern orbit')]
    assert.match(one, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    assert.notEqual(one, two)
  })

  test('match themselves alone, however their letters are composed', async () => {
    const hash = await kept('wagon lantern \u00fcber')
    assert.equal(await passwords.matches(hash, 'wagon lantern u\u0308ber', false), true)
    assert.equal(await passwords.matches(hash, 'wagon lantern uber', false), false)
    assert.equal(await passwords.matches(null, 'wagon lantern uber', false), false)
  })

  const weak: [password: string, why: RegExp][] = [
    ['eleven char', /shorter than 12/],
    ['a'.repeat(201), /longer than 200/],
    ['abababababababab', /fewer than 5 different/],
    ['i am ANA and safe', /contains the name/],
  ]
  for (const [password, why] of weak) {
    test(`like ${password.slice(0, 20)} are no good`, () => assert.match(weakness(password, 'Ana') ?? '', why))
  }

  test('A9 of a flood few are worked on, the rest is told to come back, and known people have places of their own', async () => {
    const hash = await kept('wagon lantern orbit')
    const flood = Array.from({ length: 500 }, () => passwords.matches(hash, 'wrong', false))
    const known = passwords.matches(hash, 'wagon lantern orbit', true)
    const answers = await Promise.all(flood)
    assert.equal(answers.filter((answer) => answer === false).length, 22)
    assert.equal(answers.filter((answer) => isRefusal(answer) && answer.refused === 'slow_down').length, 478)
    assert.equal(await known, true)
    assert.equal(await passwords.matches(hash, 'wagon lantern orbit', false), true, 'and afterwards everybody again')
  })
})

describe('the throttle', () => {
  const MINUTE_MS = 60_000
  const made = () => {
    const time = { nowMs: 1_000_000 }
    const throttle = signInThrottle(() => time.nowMs)
    const admitted = (attempt: Partial<Attempt>, times: number) =>
      Array.from({ length: times }, () =>
        throttle.admit({ account: 'ana', address: '192.0.2.1', device: null, ...attempt }),
      ).filter((waitMs) => waitMs === 0).length
    return { time, throttle, admitted }
  }

  test('lets ten attempts at an account through, then one a minute', () => {
    const { time, admitted } = made()
    assert.equal(admitted({}, 20), 10)
    time.nowMs += MINUTE_MS
    assert.equal(admitted({ address: '192.0.2.2' }, 5), 1, 'from wherever they come')
    time.nowMs += 60 * MINUTE_MS
    assert.equal(admitted({ address: '192.0.2.3' }, 20), 10)
  })

  test('lets thirty attempts from an address through, and from an IPv6 network as few as from one address', () => {
    const { admitted } = made()
    const names = (count: number, address: (index: number) => string) =>
      Array.from({ length: count }, (_, index) => admitted({ account: `name ${index}`, address: address(index) }, 1))
    const sum = (counts: number[]) => counts.reduce((left, right) => left + right, 0)
    assert.equal(sum(names(40, () => '192.0.2.1')), 30)
    assert.equal(sum(names(40, (index) => `2001:db8::${index.toString(16)}`)), 30)
    assert.equal(sum(names(40, (index) => `2001:db8:0:${(index + 1).toString(16)}::1`)), 40, 'other networks')
  })

  test('counts a known browser by itself', () => {
    const { admitted } = made()
    assert.equal(admitted({}, 20), 10)
    assert.equal(admitted({ device: 'd' }, 20), 10)
  })

  test('takes back what was counted for the right password', () => {
    const { throttle, admitted } = made()
    for (let count = 0; count < 50; count++) {
      assert.equal(admitted({}, 1), 1)
      throttle.forgive({ account: 'ana', address: '192.0.2.1', device: null })
    }
  })

  test('A10 counts a name that nobody has like any other', () => {
    const { admitted } = made()
    assert.equal(admitted({ account: 'nobody' }, 20), 10)
  })

  test('A9 remembers a bounded number of names, and under attack forgets none that still counts', () => {
    const { time, admitted } = made()
    assert.equal(admitted({ address: '198.51.100.1' }, 10), 10)
    let through = 0
    for (let index = 0; index < 30_000; index++) {
      const address = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`
      through += admitted({ account: `name ${index}`, address }, 1)
    }
    assert.ok(through < 10_001, `${through} names were remembered`)
    assert.equal(admitted({ address: '198.51.100.2' }, 5), 0, 'the attacked account has not been forgotten')
    assert.equal(admitted({ device: 'd' }, 1), 1, 'and who is known gets in')
    time.nowMs += 60 * MINUTE_MS
    assert.equal(admitted({ account: 'fresh', address: '203.0.113.1' }, 1), 1)
  })
})
