/**
 * What people and scripts ask for goes through the loop like everything else, and whoever asked waits here for the reply.
 * On a full disk nothing new is begun, and nobody waits for what only room can end.
 */
import type { RoomOnDisk } from '../../agent/shell/room-on-disk.ts'
import { type Refusal, refuse } from '../../protocol/refusals.ts'
import type { Command, Reply, ServiceCenterEvent } from '../core/effects.ts'

const CARRIED_OUT_LATER =
  'the disk filled up while this was written down: it is carried out when there is room, so look before you ask again'

export class Commands {
  readonly #room: RoomOnDisk
  readonly #deliver: (event: ServiceCenterEvent) => void
  readonly #asked = new Map<number, (reply: Reply | Refusal) => void>()
  #next = 0

  constructor(room: RoomOnDisk, deliver: (event: ServiceCenterEvent) => void) {
    this.#room = room
    this.#deliver = deliver
    room.onWaiting(() => {
      for (const answer of this.#asked.values()) answer(refuse('no_space', CARRIED_OUT_LATER))
      this.#asked.clear()
    })
  }

  readonly carryOut = (command: Command, origin = ''): Promise<Reply | Refusal> => {
    const full = this.#room.refusal()
    if (full !== null) return Promise.resolve(full)
    const { promise, resolve } = Promise.withResolvers<Reply | Refusal>()
    const id = this.#next++
    this.#asked.set(id, resolve)
    this.#deliver({ kind: 'command', id, command, origin })
    return promise
  }

  /** The loop has decided, and what follows from it is durable. */
  answer(id: number, reply: Reply | Refusal): void {
    this.#asked.get(id)?.(reply)
    this.#asked.delete(id)
  }
}
