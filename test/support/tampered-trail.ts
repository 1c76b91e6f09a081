/**
 * What somebody does to the trail who can write to the data folder: takes the database's own guards away, changes what
 * they like, and puts the guards back, so that nothing but the hashes shows it.
 */
import { DatabaseSync } from 'node:sqlite'
import { databaseFile } from '../../controller/shell/database/embedded-file.ts'

export function tamperTrail(folder: string, ...statements: string[]): void {
  const database = new DatabaseSync(databaseFile(folder))
  const rows = database
    .prepare("select name, sql from sqlite_schema where type = 'trigger' and tbl_name = 'audit'")
    .all()
  for (const { name } of rows) database.exec(`drop trigger ${String(name)}`)
  for (const statement of statements) database.exec(statement)
  for (const { sql } of rows) database.exec(String(sql))
  database.close()
}
