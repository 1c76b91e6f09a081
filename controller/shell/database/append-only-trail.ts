/**
 * The migration that makes the trail append-only: entries from before get their hashes, and from then on the database
 * itself refuses to change, remove or insert one. Those of an organization are found, and counted, fast. Each database has its own words for that.
 */
import { type Kysely, PostgresAdapter, sql } from 'kysely'
import { CHAIN_BEGIN, linkHash } from '../../core/trail-chain.ts'
import type { Schema } from './schema.ts'

const AT_ONCE = 1000

const CHANGED = 'the trail is append-only: an entry is never changed'
const REMOVED = 'the trail is append-only: an entry is never removed'
const IN_BETWEEN = 'the trail is append-only: an entry comes right after the newest'
const NEXT = '(select coalesce(max(position), 0) + 1 from audit)'

const OF_SQLITE = [
  `create trigger audit_is_never_changed before update on audit begin select raise(abort, '${CHANGED}'); end`,
  `create trigger audit_is_never_removed before delete on audit begin select raise(abort, '${REMOVED}'); end`,
  // Without this, `insert or replace` would take the place of an entry.
  `create trigger audit_grows_at_its_end before insert on audit when new.position is not ${NEXT}
    begin select raise(abort, '${IN_BETWEEN}'); end`,
]

/** The name of the rule is the one argument of the function; `truncate` has no row to look at. */
const OF_POSTGRES = [
  `create function refuse_in_trail() returns trigger language plpgsql as $$ begin raise exception '%', tg_argv[0]; end $$`,
  `create function refuse_in_between() returns trigger language plpgsql as $$ begin
    if new.position is distinct from ${NEXT} then raise exception '%', tg_argv[0]; end if;
    return new;
  end $$`,
  `create trigger audit_is_never_changed before update on audit for each row execute function refuse_in_trail('${CHANGED}')`,
  `create trigger audit_is_never_removed before delete on audit for each row execute function refuse_in_trail('${REMOVED}')`,
  `create trigger audit_is_never_emptied before truncate on audit execute function refuse_in_trail('${REMOVED}')`,
  `create trigger audit_grows_at_its_end before insert on audit for each row execute function refuse_in_between('${IN_BETWEEN}')`,
]

export async function appendOnlyTrail(database: Kysely<unknown>): Promise<void> {
  const add = database.schema.alterTable('audit')
  await add.addColumn('hash', 'text', (column) => column.notNull().defaultTo('')).execute()
  await database.schema.createIndex('audit_by_organization').on('audit').columns(['organization', 'position']).execute()
  await chainEntries(database.withTables<Pick<Schema, 'audit'>>())
  const isPostgres = database.getExecutor().adapter instanceof PostgresAdapter
  for (const statement of isPostgres ? OF_POSTGRES : OF_SQLITE) await sql.raw(statement).execute(database)
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
