/**
 * The agent core that offers the Service Center's own copies, as it is when the process starts. Whether the process
 * before this one has ended by itself stands in the database: if it has not, every copy is proven again.
 */
import { type AgentState, DEFAULT_SETTINGS, GREETS_NOBODY, newAgent } from '../../agent/core/state.ts'
import type { ProvingSettings } from '../../agent/shell/config/daemon-settings.ts'
import type { Log } from '../../agent/shell/log.ts'
import type { RoomOnDisk } from '../../agent/shell/room-on-disk.ts'
import type { Random } from '../../protocol/random.ts'
import { signingKeyFromSeed } from '../../protocol/trust/envelope.ts'
import type { KeptAuthority } from './keys.ts'
import type { Repository } from './ports.ts'

const RUNNING_SETTING = 'running'

export async function beginSeed(options: {
  authority: KeptAuthority
  random: Random
  proving: ProvingSettings
  repository: Repository
  room: RoomOnDisk
  log: Log
  fail: (error: unknown) => void
}): Promise<AgentState> {
  const { authority, random, proving, repository, room, log, fail } = options
  const seed = newAgent({
    identity: signingKeyFromSeed(authority.meshSeed),
    root: authority.signing.peer,
    random,
    // Appliances that it pulls from have dialled it: there is one connection to each.
    settings: { ...DEFAULT_SETTINGS, ...proving, connectionsAtMost: 1 },
    life: GREETS_NOBODY,
    membership: null,
    dial: [],
  })
  seed.endedUncleanly = (await repository.readSetting(RUNNING_SETTING)) === 'yes'
  if (seed.endedUncleanly)
    log.warn({}, 'the Service Center did not end by itself the last time: every copy that it holds is proven again')
  const note = () => repository.writeSetting(RUNNING_SETTING, 'yes')
  await room.orLater(note, (work) => void work.catch(fail))
  return seed
}

export function endSeed(repository: Repository): Promise<void> {
  return repository.writeSetting(RUNNING_SETTING, 'no')
}
