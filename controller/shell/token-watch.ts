/**
 * How a running controller learns of tokens: `enroll-token` writes them into the same database, and here it is asked
 * again and again. Hearing of a token twice is harmless.
 */
import type { ServiceCenterEvent } from '../core/effects.ts'
import type { Repository } from './ports.ts'

/** How soon a token is known. */
const TOKEN_POLL_MS = 300

/** Tells of each token that is issued after the position `from`, until the returned function is called. */
export function watchTokens(
  repository: Repository,
  from: number,
  deliver: (event: ServiceCenterEvent) => void,
  fail: (error: unknown) => void,
): () => void {
  let position = from
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  const poll = async (): Promise<void> => {
    const issued = await repository.tokensAfter(position)
    position = issued.position
    for (const token of issued.tokens) if (token.usedBy === null) deliver({ kind: 'token-issued', token })
    if (!stopped) timer = setTimeout(() => poll().catch(fail), TOKEN_POLL_MS)
  }
  poll().catch(fail)
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
