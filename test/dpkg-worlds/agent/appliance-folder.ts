/**
 * The data folder of a world's appliance, as it is once the patches have been replicated: each is proven in the store,
 * and its publication and the proof are in the ledger.
 */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { provenEntry, sealedEntry } from '../../../agent/core/ledger.ts'
import { openLedger } from '../../../agent/shell/ledger-file.ts'
import { PieceHasher } from '../../../protocol/piece-hasher.ts'
import { seal } from '../../../protocol/trust/envelope.ts'
import { Publication } from '../../../protocol/trust/statements.ts'
import { type ApplianceKeys, applianceOf } from './agent-lines.ts'

export type StoredPatch = { readonly publication: Publication; readonly file: string }

export async function fillApplianceFolder(
  folder: string,
  keys: ApplianceKeys,
  patches: readonly StoredPatch[],
): Promise<void> {
  const { serviceCenter } = applianceOf(keys)
  for (const name of ['store', 'pieces', 'partial', 'install']) {
    await mkdir(join(folder, name), { recursive: true, mode: 0o700 })
  }
  const ledger = openLedger(folder)
  for (const { publication, file } of patches) {
    const { sha256, pieceLength } = publication
    await copyFile(file, join(folder, 'store', sha256))
    const hasher = new PieceHasher(pieceLength)
    hasher.update(await readFile(file))
    await writeFile(join(folder, 'pieces', sha256), hasher.finish().hashes)
    const envelope = seal(Publication, publication, serviceCenter)
    ledger.record([
      sealedEntry(`publication-${sha256}`, envelope),
      provenEntry(sha256, { provenAt: Date.now(), wanBytes: 0 }),
    ])
  }
  ledger.close()
}
