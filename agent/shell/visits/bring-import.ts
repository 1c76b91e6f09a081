/**
 * The other end of an import: brings one patch to the agent that runs on a data folder, the pieces that it lacks and no
 * others, and hears what became of it. A piece that the disk does not give is left out and the others are brought.
 */
import type { Socket } from 'node:net'
import { pEvent } from 'p-event'
import { hasBit } from '../../../protocol/bitfield.ts'
import { readAnswer, visitAgent } from './asking.ts'
import { type ImportRequest, NO_MORE_PIECES, type VisitAnswer } from './requests.ts'

export type BroughtPatch = {
  /** The signed publication as it is stored. */
  readonly publication: Uint8Array
  readonly hashes: Uint8Array
  readonly pieces: number
  /** Null for one that is not on the disk as it was signed. */
  readonly piece: (index: number) => Promise<Uint8Array | null>
  readonly progress: (brought: { pieces: number; of: number; bytes: number }) => void
}

export type Brought = {
  readonly answer: Extract<VisitAnswer, { kind: 'imported' | 'partly' | 'refused' }>
  readonly pieces: number
  readonly bytes: number
}

const ENDED = 'the agent has ended in the middle: what it was given is kept; import again when it runs'

/** Null where no agent runs. */
export function bringPatch(folder: string, patch: BroughtPatch): Promise<Brought | null> {
  return visitAgent(folder, async (socket) => {
    const nextAnswer = answersOf(socket)
    const request: ImportRequest = {
      ...{ kind: 'import', publicationBytes: patch.publication.byteLength, hashesBytes: patch.hashes.byteLength },
    }
    socket.write(`${JSON.stringify(request)}\n`)
    socket.write(patch.publication)
    socket.write(patch.hashes)
    const first = await nextAnswer()
    if (first.kind !== 'wanted') return { answer: last(first), pieces: 0, bytes: 0 }
    const wanted = Buffer.from(first.pieces, 'base64')
    const indexes = Array.from({ length: patch.pieces }, (_, index) => index).filter((index) => hasBit(wanted, index))
    const answered = nextAnswer()
    const brought = await bringPieces(socket, patch, { indexes, answered })
    return { answer: last(await answered), ...brought }
  })
}

async function bringPieces(
  socket: Socket,
  { piece, progress }: BroughtPatch,
  { indexes, answered }: { indexes: readonly number[]; answered: Promise<VisitAnswer> },
): Promise<{ pieces: number; bytes: number }> {
  const brought = { pieces: 0, bytes: 0 }
  let isAnswered = false
  // Whoever awaits the answer hears what went wrong with it.
  const over = Promise.allSettled([answered]).then(() => {
    isAnswered = true
  })
  for (const index of indexes) {
    if (isAnswered) return brought
    const bytes = await piece(index)
    if (bytes === null) continue
    socket.write(fourBytes(index))
    if (!socket.write(bytes)) await Promise.race([pEvent(socket, ['drain', 'close'], { rejectionEvents: [] }), over])
    brought.pieces += 1
    brought.bytes += bytes.byteLength
    progress({ ...brought, of: indexes.length })
  }
  if (brought.pieces < indexes.length && !isAnswered) socket.write(fourBytes(NO_MORE_PIECES))
  return brought
}

function fourBytes(index: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(index)
  return bytes
}

function last(answer: VisitAnswer): Brought['answer'] {
  if (answer.kind === 'imported' || answer.kind === 'partly' || answer.kind === 'refused') return answer
  throw new Error('the agent has answered something else; see its log')
}

/** Lines as they come; one that will not come is an error with a sentence. */
function answersOf(socket: Socket): () => Promise<VisitAnswer> {
  let text = ''
  let ended = false
  let heard: (() => void) | null = null
  const hear = (): void => heard?.()
  socket.setEncoding('utf8')
  socket.on('data', (part: string) => {
    text += part
    hear()
  })
  // What could not be written any more is known by the answer, or by the end.
  for (const event of ['close', 'error'] as const)
    socket.on(event, () => {
      ended = true
      hear()
    })
  return async () => {
    for (;;) {
      const end = text.indexOf('\n')
      if (end >= 0) {
        const line = text.slice(0, end)
        text = text.slice(end + 1)
        return readAnswer(line)
      }
      if (ended) throw new Error(ENDED)
      await new Promise<void>((resolve) => {
        heard = resolve
      })
    }
  }
}
