/**
 * `patchmesh api-token`: a secret for scripts and for the client commands, made beside the controller's data. It is shown
 * once and kept only as a hash.
 */
import { outputOptions } from '../../agent/shell/command-line/output.ts'
import { ApplianceName } from '../../protocol/identifiers.ts'
import { RefusedError } from '../../protocol/refusals.ts'
import { accessId, newAccess } from '../shell/access.ts'
import { wrongStanding } from '../shell/people.ts'
import { defineCommand, parsed, UsageError } from './command.ts'
import { DATA_OPTION, withData } from './data-folder.ts'
import { noteHere } from './note-here.ts'
import { organizationsOf, RIGHTS_OPTIONS, roleOf } from './rights.ts'

/** A name for people, with the grammar of all such names. */
const TokenName = ApplianceName
const DAY_MS = 24 * 3600 * 1000
const MOST_DAYS = 3650

export const apiToken = defineCommand({
  name: 'api-token',
  summary: 'Makes a token for the API and the client commands',
  usage: '--data DIR [--name NAME] [--role ROLE] [--organization NAME...] [--expires DAYS]',
  options: {
    ...DATA_OPTION,
    name: { type: 'string', value: 'NAME', about: 'who uses it, for the trail (default "api token")' },
    ...RIGHTS_OPTIONS,
    expires: { type: 'string', value: 'DAYS', about: 'good for so many days (default 365)' },
    ...outputOptions('{"name","token","expiresAt"}'),
  },
  remarks: ['Without --role it may do everything.'],
  example: 'export PATCHMESH_API_TOKEN=$(patchmesh api-token --data ./center)',
  async run({ options, show }) {
    const name = parsed('name', options.name ?? 'api token', TokenName)
    const role = roleOf(options.role ?? 'owner')
    const organizations = organizationsOf(options.organization)
    const wrong = wrongStanding({ role, organizations })
    if (wrong !== null) throw new RefusedError(wrong)
    const lifetimeMs = daysOf(options.expires ?? '365') * DAY_MS
    return await withData(options.data, async ({ repository }) => {
      const { secret: token, access } = newAccess({ kind: 'api-token', name, role, organizations, lifetimeMs })
      await repository.addAccess(access)
      await noteHere(repository, { action: 'make API token', subject: `${accessId(access)} ${name}` })
      const expiresAt = new Date(access.expiresAt).toISOString()
      return show({ name, token, expiresAt }, () => [token])
    })
  },
})

function daysOf(text: string): number {
  const days = Number(text)
  if (Number.isInteger(days) && days >= 1 && days <= MOST_DAYS) return days
  throw new UsageError(`--expires ${JSON.stringify(text)} is not a number of days from 1 to ${MOST_DAYS}`)
}
