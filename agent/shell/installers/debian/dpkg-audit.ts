/**
 * What `dpkg --audit` finds wrong in a whole database, as values that can be compared: an appliance may have a broken
 * package that is nobody's fault today, so an install answers only for what was in order before it and is not any more.
 *
 * dpkg prints paragraphs: a description over some lines, then a line for each package that begins with a space.
 */
import { askDatabase } from './database-answers.ts'
import { databaseFolder, hasDatabase, rootOptions } from './dpkg-database.ts'

export type AuditFinding = {
  /** As dpkg names it: with its architecture where that is needed. */
  readonly package: string
  /** dpkg's own description, on one line. */
  readonly fault: string
}

/** A fault that dpkg reports of the database as a whole has no package. */
const NO_PACKAGE = ''
/** dpkg's caution while somebody holds its lock, be it a daemon that a script has left: no fault of anything. */
const WHILE_LOCKED = 'Another process has locked the database for writing'

export async function auditDatabase(root: string): Promise<AuditFinding[]> {
  if (!(await hasDatabase(root))) return []
  const answer = await askDatabase(databaseFolder(root), 'dpkg', ...rootOptions(root), '--audit')
  if (answer === null) throw new Error('dpkg is not on this appliance')
  // Status 1 says that something was found; anything else that dpkg could not look.
  if (answer.status > 1 || (answer.status === 1 && answer.text === '')) {
    throw new Error(`dpkg cannot read its database: ${answer.complaint.trim()}`)
  }
  return readAudit(answer.text)
}

export function readAudit(text: string): AuditFinding[] {
  return text.split(/\n\n+/).flatMap((paragraph) => {
    const lines = paragraph.split('\n').filter((line) => line !== '')
    const fault = lines.filter((line) => !line.startsWith(' ')).join(' ')
    const packages = lines.filter((line) => line.startsWith(' ')).map((line) => line.trim().split(/\s+/)[0] ?? '')
    if (fault.startsWith(WHILE_LOCKED)) return []
    if (packages.length === 0) return fault === '' ? [] : [{ package: NO_PACKAGE, fault }]
    return packages.map((name) => ({ package: name, fault }))
  })
}

/** What is wrong now and was not before. A package that was broken and is now broken otherwise has not become worse. */
export function newFindings(before: readonly AuditFinding[], now: readonly AuditFinding[]): AuditFinding[] {
  return now.filter((finding) => !before.some((known) => isSame(known, finding)))
}

/** One sentence part: "ph (half configured …), zz (…)". */
export function describeFindings(findings: readonly AuditFinding[]): string {
  return findings.map(({ package: name, fault }) => (name === NO_PACKAGE ? fault : `${name}: ${fault}`)).join('; ')
}

function isSame(left: AuditFinding, right: AuditFinding): boolean {
  return left.package === right.package && (left.package !== NO_PACKAGE || left.fault === right.fault)
}
