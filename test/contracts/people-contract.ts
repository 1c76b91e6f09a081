/**
 * What every `Repository` keeps to about people and the trail; beside repository-contract.ts, and called from there.
 */
import assert from 'node:assert/strict'
import { newAccess } from '../../controller/shell/access.ts'
import type { AccountRecord, Repository } from '../../controller/shell/ports.ts'
import { OrganizationName } from '../../protocol/identifiers.ts'
import { isRefusal, refuse } from '../../protocol/refusals.ts'

type Check = (
  title: string,
  run: (repository: Repository, reopen: () => Promise<Repository>) => Promise<void>,
) => unknown

const ACME = OrganizationName.parse('Acme')
const ana: AccountRecord = {
  ...{ key: 'ana', name: 'Ana', role: 'operator', organizations: [ACME], passwordHash: 'x' },
  ...{ createdAt: 1, disabledAt: null, signedInAt: null },
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

  check('gives the trail newest first, by page and by every filter', async (repository, reopen) => {
    const entry = (at: number, organization?: typeof ACME) => ({
      ...{ at, actor: `actor ${at % 2}`, action: 'install', subject: `patch ${at}`, outcome: '100 %', origin: 'here' },
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
