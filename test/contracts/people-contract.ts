/**
 * What every `Repository` keeps to about people, their passkeys and the trail; beside repository-contract.ts, and called from there.
 */
import assert from 'node:assert/strict'
import { newAccess } from '../../controller/shell/access.ts'
import type { AccountRecord, PasskeyRecord, PasskeyUse, Repository } from '../../controller/shell/ports.ts'
import { OrganizationName } from '../../protocol/identifiers.ts'
import { isRefusal, refuse } from '../../protocol/refusals.ts'

type Check = (
  title: string,
  run: (repository: Repository, reopen: () => Promise<Repository>) => Promise<void>,
) => unknown

const ACME = OrganizationName.parse('Acme')
const ana: AccountRecord = {
  ...{ key: 'ana', name: 'Ana', role: 'operator', organizations: [ACME], passwordHash: 'x' },
  ...{ passkeyOnly: true, createdAt: 1, disabledAt: null, signedInAt: null },
}
const laptop: PasskeyRecord = {
  ...{ credential: 'BBBB', account: 'ana', name: 'Laptop', host: 'patches.example.com', userHandle: 'AAAA' },
  ...{ publicKey: new Uint8Array([1, 2, 3]), counter: 3, createdAt: 7, usedAt: null },
}
const sessionOf = (account: string, nowMs: number) => {
  const { access } = newAccess({ kind: 'session', name: account, account, nowMs })
  return { ...access, account }
}

export function peopleContract(check: Check): void {
  check('keeps accounts as they were decided, for this process and another', async ({ people }, reopen) => {
    await people.alterAccount('ana', () => ana)
    assert.deepEqual(await (await reopen()).people.accounts(), [ana])
    await people.alterAccount('ana', ([known]) => (known === undefined ? null : { ...known, organizations: null }))
    assert.deepEqual(await people.findAccount('ana'), { ...ana, organizations: null })
    await people.alterAccount('ana', () => null)
    assert.deepEqual(await people.accounts(), [])
  })

  check("closes with the first account the links that are nobody's, and with a later one none", async (repository) => {
    const { people } = repository
    const printed = () => newAccess({ kind: 'sign-in-link', name: 'first admin', nowMs: 1 }).access
    const [early, late] = [printed(), printed()]
    await repository.addAccess(early)
    await people.alterAccount('ana', () => ana)
    assert.equal(await repository.findAccess(early.secretHash), undefined)
    await repository.addAccess(late)
    await people.alterAccount('bo', () => ({ ...ana, key: 'bo', name: 'Bo' }))
    assert.deepEqual(await repository.findAccess(late.secretHash), late)
  })

  check('changes nothing when the decision is a refusal', async ({ people }) => {
    await people.alterAccount('ana', () => ana)
    const refused = await people.alterAccount('ana', () => refuse('last_owner', 'no'))
    assert.ok(isRefusal(refused))
    assert.deepEqual(await people.accounts(), [ana])
  })

  check('lets one of many who add the same account at once', async ({ people }) => {
    const adders = [1, 2, 3, 4].map(() =>
      people.alterAccount('ana', (accounts) => (accounts.length === 0 ? ana : refuse('person_exists', 'there is one'))),
    )
    assert.equal((await Promise.all(adders)).filter((added) => !isRefusal(added)).length, 1)
  })

  check('opens a session with what the account may do now, and never for one that has changed', async (repository) => {
    const { people } = repository
    const session = sessionOf('ana', 10)
    const options = { most: 3, isStill: ({ passwordHash }: AccountRecord) => passwordHash === 'x' }
    assert.equal(await people.openSession(session, options), undefined, 'there is no account')
    await people.alterAccount('ana', () => ana)
    assert.deepEqual(await people.openSession(session, options), { ended: [] })
    const { role, organizations } = ana
    assert.deepEqual(await repository.findAccess(session.secretHash), { ...session, role, organizations })
    assert.equal((await people.findAccount('ana'))?.signedInAt, 10)
    for (const change of [{ passwordHash: 'y' }, { disabledAt: 5 }]) {
      await people.alterAccount('ana', () => ({ ...ana, ...change }))
      assert.equal(await people.openSession(sessionOf('ana', 11), options), undefined)
    }
  })

  check('ends the sessions and links of an account with each change of it, and of no other', async (repository) => {
    const { people } = repository
    await people.alterAccount('ana', () => ana)
    await people.alterAccount('bela', () => ({ ...ana, key: 'bela', name: 'Bela' }))
    const mine = sessionOf('ana', 10)
    const others = sessionOf('bela', 10)
    for (const session of [mine, others]) await people.openSession(session, { most: 3, isStill: () => true })
    const { access: link } = newAccess({ kind: 'sign-in-link', name: 'Ana', account: 'ana', nowMs: 10 })
    await repository.addAccess(link)
    const done = await people.alterAccount('ana', () => ({ ...ana, role: 'viewer' }))
    assert.deepEqual(!isRefusal(done) && done.ended.sort(), [mine.secretHash, link.secretHash].sort())
    assert.deepEqual(await people.access('session').then((all) => all.map(({ name }) => name)), ['bela'])
  })

  check('closes the sessions that were used least lately beyond so many', async ({ people }) => {
    await people.alterAccount('ana', () => ana)
    const sessions = [10, 11, 12].map((nowMs) => sessionOf('ana', nowMs))
    for (const session of sessions) await people.openSession(session, { most: 3, isStill: () => true })
    await people.markUsed(sessions[0]?.secretHash ?? assert.fail(), { usedAt: 20, origin: 'here' })
    const opened = await people.openSession(sessionOf('ana', 21), { most: 3, isStill: () => true })
    assert.deepEqual(opened, { ended: [sessions[1]?.secretHash] })
    const used = (await people.access('session')).find(({ createdAt }) => createdAt === 10)
    assert.deepEqual([used?.usedAt, used?.origin], [20, 'here'])
  })

  check(
    'keeps passkeys as they were added, none of them twice, and none of an account that is gone',
    async (repository, reopen) => {
      const { people } = repository
      assert.ok(isRefusal(await people.addPasskey(laptop, () => null)), 'there is no account')
      await people.alterAccount('ana', () => ana)
      const judge = (passkeys: readonly PasskeyRecord[]) =>
        passkeys.length === 0 ? null : refuse('passkey_exists', 'no')
      const adders = await Promise.all([1, 2, 3].map(() => people.addPasskey(laptop, judge)))
      assert.equal(adders.filter((added) => added === null).length, 1)
      const other = (await reopen()).people
      assert.deepEqual(await other.passkeys(), [laptop])
      assert.deepEqual(await other.findPasskey(laptop.credential), laptop)
      assert.equal(await other.findPasskey('CCCC'), undefined)
      await people.alterAccount('ana', () => ({ ...ana, role: 'viewer' }))
      assert.equal((await people.passkeys()).length, 1, 'a change of the account is none of its passkeys')
      await people.alterAccount('ana', () => null)
      assert.deepEqual(await people.passkeys(), [])
    },
  )

  check('removes one passkey, or all of an account', async ({ people }) => {
    for (const key of ['ana', 'bela']) await people.alterAccount(key, () => ({ ...ana, key, name: key }))
    const all = [laptop, { ...laptop, credential: 'CCCC' }, { ...laptop, credential: 'DDDD', account: 'bela' }]
    for (const passkey of all) await people.addPasskey(passkey, () => null)
    await people.removePasskey('CCCC')
    const left = async () => (await people.passkeys()).map(({ credential }) => credential)
    assert.deepEqual(await left(), ['BBBB', 'DDDD'])
    await people.alterAccount('ana', () => ana, { passkeysEnd: true })
    assert.deepEqual(await left(), ['DDDD'])
  })

  check(
    'gets a passkey or a password from a session that is open, and none from one that has ended meanwhile',
    async ({ people }) => {
      await people.alterAccount('ana', () => ana)
      const session = sessionOf('ana', 10)
      await people.openSession(session, { most: 9, isStill: () => true })
      assert.equal(await people.addPasskey(laptop, () => null, session.secretHash), null)
      await people.alterAccount('ana', () => ana, { passkeysEnd: true })
      assert.ok(isRefusal(await people.addPasskey(laptop, () => null, session.secretHash)))
      assert.deepEqual(await people.passkeys(), [])
      const stolen = { ...ana, passwordHash: 'stolen' }
      assert.ok(isRefusal(await people.alterAccount('ana', () => stolen, { session: session.secretHash })))
      assert.equal((await people.findAccount('ana'))?.passwordHash, 'x')
    },
  )

  check('opens a session for a passkey that counts on, once for each count, and for no other', async ({ people }) => {
    await people.alterAccount('ana', () => ana)
    await people.addPasskey(laptop, () => null)
    await people.alterAccount('bela', () => ({ ...ana, key: 'bela', name: 'Bela' }))
    const open = async (account: string, passkey: PasskeyUse, nowMs = 10) =>
      (await people.openSession(sessionOf(account, nowMs), { most: 9, isStill: () => true, passkey })) !== undefined
    const { credential } = laptop
    const uses = [1, 2, 3].map(() => open('ana', { credential, counter: 4 }))
    assert.equal((await Promise.all(uses)).filter((opened) => opened).length, 1)
    assert.equal(await open('ana', { credential, counter: 3 }), false)
    assert.equal(await open('ana', { credential, counter: 0 }), false)
    assert.equal(await open('bela', { credential, counter: 5 }), false, 'it is of another account')
    assert.equal(await open('ana', { credential: 'CCCC', counter: 5 }), false, 'it is gone')
    assert.equal((await people.access('session')).length, 1)
    assert.equal(await open('ana', { credential, counter: 5 }, 12), true)
    assert.deepEqual(await people.passkeys(), [{ ...laptop, counter: 5, usedAt: 12 }])
    const uncounted = { credential: 'CCCC', counter: 0 }
    await people.addPasskey({ ...laptop, ...uncounted }, () => null)
    for (const nowMs of [13, 14]) assert.equal(await open('ana', uncounted, nowMs), true, 'it does not count')
  })

  check('gives the trail newest first, by page and by every filter', async (repository, reopen) => {
    const entry = (at: number, organization?: typeof ACME) => ({
      ...{
        at,
        actor: `actor ${at % 2}`,
        action: 'install',
        subject: `patch ${at}`,
        outcome: '100 % of Ägir',
        origin: 'here',
      },
      ...(organization === undefined ? {} : { organization }),
    })
    for (let at = 1; at <= 6; at++) {
      await repository.commit([{ table: 'audit', row: entry(at, at > 3 ? ACME : undefined) }])
    }
    const other = await reopen()
    const ats = async (query: Partial<Parameters<Repository['trail']>[0]>) =>
      (await other.trail({ organizations: null, limit: 100, ...query })).map(({ at }) => at)
    assert.deepEqual(await ats({}), [6, 5, 4, 3, 2, 1])
    assert.deepEqual(await ats({ limit: 2 }), [6, 5])
    const [, , third] = await other.trail({ organizations: null, limit: 3 })
    assert.deepEqual(await ats({ before: third?.position }), [3, 2, 1])
    assert.deepEqual(await ats({ who: 'actor 1' }), [5, 3, 1])
    assert.deepEqual(await ats({ since: 2, until: 3 }), [3, 2])
    assert.deepEqual(await ats({ organizations: [ACME] }), [6, 5, 4])
    assert.deepEqual(await ats({ text: 'PATCH 4' }), [4])
    assert.deepEqual(await ats({ text: '100 %' }), [6, 5, 4, 3, 2, 1])
    assert.deepEqual(await ats({ text: 'of Ägir', limit: 1 }), [6])
    assert.deepEqual(await ats({ text: 'patch_4' }), [])
    assert.deepEqual(await ats({ action: 'cancel' }), [])
    const [newest] = await other.trail({ organizations: null, limit: 1 })
    assert.deepEqual(newest, { ...entry(6, ACME), position: 6, hash: newest?.hash })
    const [limited] = await other.trail({ organizations: [ACME], limit: 1 })
    assert.equal(limited?.hash, null, 'a hash tells of entries of others')
    assert.equal(limited?.position, 3, 'and so would a gap between two numbers')
    assert.deepEqual(await ats({ organizations: [ACME], before: 3 }), [5, 4])
    assert.deepEqual(await ats({ organizations: [ACME], before: 3, who: 'actor 0' }), [4])
    const oldest = (await other.trail({ organizations: null, limit: 100 })).at(-1)
    assert.equal(oldest?.organization, null)
  })
}
