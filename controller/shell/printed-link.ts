/**
 * The sign-in link that is printed beside the controller's data: at its start while there is no account, and later by
 * `patchmesh sign-in-link`, which is the way back when no Owner can sign in. Whoever can read the data folder has every
 * right anyway; so has this link, once.
 */
import { makeAccess } from './access.ts'
import type { Repository } from './ports.ts'

export async function newLink(repository: Repository, page: string): Promise<string> {
  const isFirst = (await repository.people.accounts()).length === 0
  const name = isFirst ? 'first admin' : 'bearer of a sign-in link'
  return `${page}/sign-in?link=${await makeAccess(repository, { kind: 'sign-in-link', name })}`
}

export async function printedLink(repository: Repository, page: string): Promise<string> {
  return `sign in once, within 15 minutes: ${await newLink(repository, page)}`
}
