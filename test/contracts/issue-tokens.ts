/**
 * A process for repository.test.ts: it issues so many tokens, one transaction each, beside others that do the same.
 */
import { openRepository } from '../../controller/shell/repository.ts'
import { sampleToken, signing } from './sample-records.ts'

const [folder = '', first = '', count = ''] = process.argv.slice(2)
const repository = await openRepository({ folder, root: signing.peer })
for (let number = Number(first); number < Number(first) + Number(count); number++) {
  await repository.issueToken(sampleToken(number))
}
await repository.close()
