/**
 * The migration that makes the trail append-only: entries from before get their hashes, and from then on the database
 * itself refuses to change, remove or insert one. Those of an organization are found, and counted, fast. The triggers are in SQLite's words; another database has its own.
 */
import { type Kysely, sql } from 'kysely'
import { CHAIN_BEGIN, linkHash } from '../../core/trail-chain.ts'
import type { Schema } from './schema.ts'

const AT_ONCE = 1000

const TRIGGERS: Record<string, string> = {
  audit_is_never_changed:
    "before update on audit begin select raise(abort, 'the trail is append-only: an entry is never changed'); end",
  audit_is_never_removed:
    "before delete on audit begin select raise(abort, 'the trail is append-only: an entry is never removed'); end",
  // Without this, `insert or replace` would take the place of an entry.
  audit_grows_at_its_end:
    'before insert on audit when new.position is not (select coalesce(max(position), 0) + 1 from audit) ' +
    "begin select raise(abort, 'the trail is append-only: an entry comes right after the newest'); end",
}

export async function appendOnlyTrail(database: Kysely<unknown>): Promise<void> {
  const add = database.schema.alterTable('audit')
  await add.addColumn('hash', 'text', (column) => column.notNull().defaultTo('')).execute()
  await database.schema.createIndex('audit_by_organization').on('audit').columns(['organization', 'position']).execute()
  await chainEntries(database.withTables<Pick<Schema, 'audit'>>())
  for (const [name, rule] of Object.entries(TRIGGERS)) {
    await sql`create trigger ${sql.ref(name)} ${sql.raw(rule)}`.execute(database)
  }
}

async function chainEntries(database: Kysely<Pick<Schema, 'audit'>>): Promise<void> {
  let before = { position: 0, hash: CHAIN_BEGIN }
  for (;;) {
    const rows = database.selectFrom('audit').selectAll().where('position', '>', before.position)
    const entries = await rows.orderBy('position').limit(AT_ONCE).execute()
    for (const entry of entries) {
      const { position } = entry
      before = { position, hash: linkHash(before.hash, entry) }
      await database.updateTable('audit').set({ hash: before.hash }).where('position', '=', position).execute()
    }
    if (entries.length < AT_ONCE) return
  }
}
