/**
 * The names in a relation field of a control stanza (`Replaces`, `Conflicts`, `Depends`). Versions are left to dpkg; here
 * is only asked who may be meant.
 */

/** Names alone, without versions, architectures and alternatives' bars. */
export function namesIn(relations: string): string[] {
  return relations
    .split(/[,|]/)
    .map((relation) => /^\s*([^\s(:[<]+)/.exec(relation)?.[1])
    .filter((name) => name !== undefined)
}
