/**
 * The agent's end of an import: reads one patch from whoever brings it over the socket, a piece at a time, and hands it to
 * the core, which judges it. The next piece is read when the last one is on the disk, so nothing piles up here.
 */
import type { Socket } from 'node:net'
import { isBug } from '../../../protocol/assert.ts'
import { countBits } from '../../../protocol/bitfield.ts'
import { ByteReader } from '../../../protocol/byte-reader.ts'
import { pieceCount, pieceRange } from '../../../protocol/pieces.ts'
import { isRefusal, type Refusal, RefusedError } from '../../../protocol/refusals.ts'
import { decodeEnvelope } from '../../../protocol/trust/envelope.ts'
import type { Publication } from '../../../protocol/trust/statements.ts'
import type { AgentEvent, Visitor } from '../../core/events.ts'
import type { ImportAnswer } from '../../core/import-answers.ts'
import type { ReceivedPieces } from '../network/received-pieces.ts'
import { type ImportRequest, NO_MORE_PIECES, type VisitAnswer } from './requests.ts'

/** A disk that gives nothing for so long is gone, or whoever reads it. */
const BROUGHT_WITHIN_MS = 60_000
const INDEX_BYTES = 4

export type ImportWork = {
  readonly received: () => ReceivedPieces
  readonly deliver: (event: AgentEvent) => void
  /** Whether publishers that are listed here have signed the stored copy. */
  readonly judge: (publication: Publication) => Promise<Refusal | null>
}

export async function receiveImport(
  { received, deliver, judge }: ImportWork,
  visit: { visitor: Visitor; request: ImportRequest; socket: Socket; nextAnswer: () => Promise<ImportAnswer> },
): Promise<VisitAnswer | null> {
  const { visitor, request, socket, nextAnswer } = visit
  const reader = new ByteReader(socket)
  const read = async (bytes: number): Promise<Buffer> => {
    socket.setTimeout(BROUGHT_WITHIN_MS)
    // A copy: what the reader gives is its own memory.
    const taken = Buffer.from(await reader.exactly(bytes, 'an import'))
    socket.setTimeout(0)
    return taken
  }
  try {
    const publication = decodeEnvelope(await read(request.publicationBytes))
    const hashes = await read(request.hashesBytes)
    if (isRefusal(publication)) return refused(publication)
    deliver({ kind: 'import-asked', visitor, publication, hashes })
    for (;;) {
      const answer = await nextAnswer()
      if (isRefusal(answer)) return refused(answer)
      if ('imported' in answer) return await imported(answer, judge)
      if ('taken' in answer) continue
      socket.write(line({ kind: 'wanted', pieces: Buffer.from(answer.wanted).toString('base64') }))
      const ended = await receivePieces(answer)
      if (ended !== null) return ended
    }
  } catch (error) {
    // It has gone, or has brought less than it said.
    if (error instanceof RefusedError || (!isBug(error) && isSocketError(error))) return null
    throw error
  } finally {
    deliver({ kind: 'import-left', visitor })
  }

  /** Null when as many came as were wanted. */
  async function receivePieces({
    wanted,
    publication,
  }: Extract<ImportAnswer, { wanted: unknown }>): Promise<VisitAnswer | null> {
    for (let left = countBits(wanted); left > 0; left--) {
      const index = (await read(INDEX_BYTES)).readUInt32BE()
      if (index === NO_MORE_PIECES) return { kind: 'partly' }
      if (index >= pieceCount(publication))
        return refused({ refused: 'bad_request', message: `there is no piece ${index} of this patch` })
      await receivePiece(publication, index)
      const answer = await nextAnswer()
      if (isRefusal(answer)) return refused(answer)
      // The others came over the mesh meanwhile.
      if ('imported' in answer) return imported(answer, judge)
    }
    return null
  }

  async function receivePiece({ sha256: patch, ...cut }: Publication, index: number): Promise<void> {
    const { length } = pieceRange(cut, index)
    const body = received().begin(length, (hash, slot) =>
      deliver({ kind: 'piece-imported', visitor, patch, index, hash, slot }),
    )
    socket.setTimeout(BROUGHT_WITHIN_MS)
    try {
      for await (const chunk of reader.span(length, 'a piece')) body.append(chunk)
    } catch (error) {
      body.abandon()
      throw error
    }
    socket.setTimeout(0)
    body.complete()
  }
}

async function imported(
  { imported: publication, isNew }: Extract<ImportAnswer, { imported: unknown }>,
  judge: ImportWork['judge'],
): Promise<VisitAnswer> {
  const judged = await judge(publication)
  return { kind: 'imported', id: publication.sha256, isNew, unsigned: judged?.message ?? '' }
}

function refused({ refused: code, message }: Refusal): VisitAnswer {
  return { kind: 'refused', refused: code, message }
}

export function line(answer: VisitAnswer): string {
  return `${JSON.stringify(answer)}\n`
}

/** Of a socket that the other side, or its time, has ended. */
function isSocketError(error: unknown): boolean {
  return error instanceof Error && 'code' in error
}
