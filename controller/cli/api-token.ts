/**
 * `patchmesh api-token`: a secret for scripts and for the client commands. It is shown once and kept only as a hash.
 */

import { ApplianceName } from '../../protocol/identifiers.ts'
import { ACCESS_LIFETIME_MS, makeAccess } from '../shell/access.ts'
import { defineCommand, parsed } from './command.ts'
import { DATA_OPTION, withData } from './data-folder.ts'

/** A name for people, with the grammar of all such names. */
const TokenName = ApplianceName

export const apiToken = defineCommand({
  name: 'api-token',
  summary: 'Makes a token for the API and the client commands, valid for a year',
  usage: '--data DIR [--name NAME] [--json]',
  options: {
    ...DATA_OPTION,
    name: { type: 'string', value: 'NAME', about: 'who uses it, for the audit log (default "api token")' },
    json: { type: 'boolean', about: 'print {"name","token","expiresAt"}' },
  },
  example: 'export PATCHMESH_API_TOKEN=$(patchmesh api-token --data ./center)',
  async run({ options, terminal }) {
    const name = parsed('name', options.name ?? 'api token', TokenName)
    return await withData(options.data, async ({ repository }) => {
      const nowMs = Date.now()
      const token = await makeAccess(repository, { kind: 'api-token', name, nowMs })
      const expiresAt = new Date(nowMs + ACCESS_LIFETIME_MS['api-token']).toISOString()
      terminal.print(options.json === true ? JSON.stringify({ name, token, expiresAt }) : token)
      return 0
    })
  },
})
