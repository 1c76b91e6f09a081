/**
 * Imported into an agent before it starts: it offers every piece and brings none to its end. It gives one byte a second
 * of what it is asked for, or says each time that its copy is gone, as `PATCHMESH_UNHELPFUL` wants, and notes each
 * question in its log.
 */
import type { Stream } from '@libp2p/interface'
import { encode as encodeFrame } from 'it-length-prefixed'
import { PieceStreams } from '../../agent/shell/network/piece-streams.ts'
import { encode } from '../../protocol/codec.ts'
import type { PeerId } from '../../protocol/identifiers.ts'
import type { PiecesMessage } from '../../protocol/messages.ts'

const A_BYTE_EVERY_MS = 1_000
/** By its end the test is long over. */
const PIECE_BYTES = 256 * 1024

const streams = new Map<PeerId, Stream>()
const { openReader } = PieceStreams.prototype

PieceStreams.prototype.openReader = function (peer, stream, ending) {
  streams.set(peer, stream)
  return openReader.call(this, peer, stream, ending)
}

PieceStreams.prototype.sendPiece = function (peer, patch, index) {
  process.stderr.write(`asked for a piece: ${index}\n`)
  if (process.env['PATCHMESH_UNHELPFUL'] === 'says gone') this.toReader(peer, { kind: 'gone', patch })
  else drip(streams.get(peer), { kind: 'piece', patch, index, bytes: PIECE_BYTES })
}

function drip(stream: Stream | undefined, piece: PiecesMessage): void {
  const send = (bytes: Uint8Array): void => {
    if (stream?.status === 'open') stream.send(encodeFrame.single(bytes))
    else clearInterval(dripping)
  }
  const dripping = setInterval(() => send(Uint8Array.of(0)), A_BYTE_EVERY_MS)
  send(encode(piece))
}
