/**
 * Accounts, their passkeys, and who is let in, as rows. What belongs together is done in one transaction: an account is never changed
 * with its old sessions left open, and no session is opened for what the account was a moment ago.
 */
import type { Kysely, Transaction } from 'kysely'
import type { Sha256 } from '../../../protocol/identifiers.ts'
import { isRefusal, type Refusal, refuse } from '../../../protocol/refusals.ts'
import type { AccessKind, AccessRecord, AccountRecord, PasskeyRecord, PasskeyUse, People } from '../ports.ts'
import { accessRecord, accessRow, accountRecord, accountRow, plain } from './rows.ts'
import type { Schema } from './schema.ts'

/** Makes one statement of it, where this process may write. */
export type Alone = <Result>(statement: (database: Kysely<Schema>) => Promise<Result>) => Promise<Result>

export class PeopleTables implements People {
  readonly #database: Kysely<Schema>
  readonly #alone: Alone

  constructor(database: Kysely<Schema>, alone: Alone) {
    this.#database = database
    this.#alone = alone
  }

  accounts(): Promise<AccountRecord[]> {
    return accounts(this.#database)
  }

  findAccount(key: string): Promise<AccountRecord | undefined> {
    return findAccount(this.#database, key)
  }

  alterAccount(
    key: string,
    decide: (accounts: readonly AccountRecord[]) => AccountRecord | null | Refusal,
    { passkeysEnd = false, session }: { passkeysEnd?: boolean; session?: Sha256 | undefined } = {},
  ): Promise<{ ended: Sha256[] } | Refusal> {
    return this.#database.transaction().execute(async (transaction) => {
      if (session !== undefined && !(await isOpen(transaction, session))) return sessionEnded()
      const before = await accounts(transaction)
      const wanted = decide(before)
      if (isRefusal(wanted)) return wanted
      await transaction.deleteFrom('accounts').where('key', '=', key).execute()
      if (wanted !== null) await transaction.insertInto('accounts').values(accountRow(wanted)).execute()
      if (wanted === null || passkeysEnd) await transaction.deleteFrom('passkeys').where('account', '=', key).execute()
      // Links that were printed so that somebody makes the first account have done their work.
      if (before.length === 0)
        await transaction.deleteFrom('access').where('account', 'is', null).where('kind', '=', 'sign-in-link').execute()
      // Whoever is gone or shut out is a stranger in every browser.
      const kinds: AccessKind[] = ['session', 'sign-in-link']
      if (wanted === null || wanted.disabledAt !== null) kinds.push('device')
      const ended = transaction.deleteFrom('access').where('account', '=', key).where('kind', 'in', kinds)
      return { ended: (await ended.returning('secretHash').execute()).map(({ secretHash }) => secretHash) }
    })
  }

  openSession(
    session: AccessRecord & { account: string },
    options: { most: number; isStill: (account: AccountRecord) => boolean; passkey?: PasskeyUse | undefined },
  ): Promise<{ ended: Sha256[] } | undefined> {
    const { most, isStill, passkey } = options
    return this.#database.transaction().execute(async (transaction) => {
      const account = await findAccount(transaction, session.account)
      if (account === undefined || account.disabledAt !== null || !isStill(account)) return undefined
      const { key, role, organizations } = account
      if (passkey !== undefined && !(await usePasskey(transaction, session, passkey))) return undefined
      const mine = await transaction
        .selectFrom('access')
        .select('secretHash')
        .where('account', '=', key)
        .where('kind', '=', 'session')
        .orderBy('usedAt', 'desc')
        .execute()
      const ended = mine.slice(most - 1).map(({ secretHash }) => secretHash)
      if (ended.length > 0) await transaction.deleteFrom('access').where('secretHash', 'in', ended).execute()
      await transaction
        .insertInto('access')
        .values(accessRow({ ...session, role, organizations }))
        .execute()
      await transaction.updateTable('accounts').set({ signedInAt: session.createdAt }).where('key', '=', key).execute()
      return { ended }
    })
  }

  async access(kind: AccessKind): Promise<AccessRecord[]> {
    const query = this.#database.selectFrom('access').selectAll().where('kind', '=', kind)
    return (await query.orderBy('createdAt', 'desc').execute()).map(accessRecord)
  }

  async markUsed(secretHash: Sha256, { usedAt, origin }: Pick<AccessRecord, 'usedAt' | 'origin'>): Promise<void> {
    await this.#alone((database) =>
      database.updateTable('access').set({ usedAt, origin }).where('secretHash', '=', secretHash).execute(),
    )
  }

  passkeys(): Promise<PasskeyRecord[]> {
    return passkeys(this.#database)
  }

  async findPasskey(credential: string): Promise<PasskeyRecord | undefined> {
    const query = this.#database.selectFrom('passkeys').selectAll().where('credential', '=', credential)
    const row = await query.executeTakeFirst()
    return row === undefined ? undefined : plain(row)
  }

  addPasskey(
    passkey: PasskeyRecord,
    judge: (passkeys: readonly PasskeyRecord[]) => Refusal | null,
    session?: Sha256,
  ): Promise<Refusal | null> {
    return this.#database.transaction().execute(async (transaction) => {
      if ((await findAccount(transaction, passkey.account)) === undefined)
        return refuse('not_found', 'the account is gone')
      if (session !== undefined && !(await isOpen(transaction, session))) return sessionEnded()
      const refused = judge(await passkeys(transaction))
      if (refused === null) await transaction.insertInto('passkeys').values(passkey).execute()
      return refused
    })
  }

  async removePasskey(credential: string): Promise<void> {
    await this.#alone((database) => database.deleteFrom('passkeys').where('credential', '=', credential).execute())
  }
}

type Reads = Kysely<Schema> | Transaction<Schema>

async function accounts(database: Reads): Promise<AccountRecord[]> {
  return (await database.selectFrom('accounts').selectAll().orderBy('key').execute()).map(accountRecord)
}

async function passkeys(database: Reads): Promise<PasskeyRecord[]> {
  const rows = await database.selectFrom('passkeys').selectAll().orderBy('createdAt').orderBy('credential').execute()
  return rows.map((row) => plain(row))
}

/** Whether it is still there and counts on from what is known; a device that does not count says 0 each time. */
async function usePasskey(
  transaction: Transaction<Schema>,
  { account, createdAt }: AccessRecord & { account: string },
  { credential, counter }: PasskeyUse,
): Promise<boolean> {
  const used = await transaction
    .updateTable('passkeys')
    .set({ counter, usedAt: createdAt })
    .where('credential', '=', credential)
    .where('account', '=', account)
    .where('counter', counter === 0 ? '=' : '<', counter)
    .executeTakeFirst()
  return used.numUpdatedRows === 1n
}

function sessionEnded(): Refusal {
  return refuse('unauthenticated', 'the session has ended meanwhile')
}

async function isOpen(database: Reads, session: Sha256): Promise<boolean> {
  const query = database.selectFrom('access').select('kind').where('secretHash', '=', session)
  return (await query.executeTakeFirst()) !== undefined
}

async function findAccount(database: Reads, key: string): Promise<AccountRecord | undefined> {
  const row = await database.selectFrom('accounts').selectAll().where('key', '=', key).executeTakeFirst()
  return row === undefined ? undefined : accountRecord(row)
}
