/**
 * Which name was meant by one that nobody knows.
 */

const MIN_BEGINNING = 4

/**
 * The nearest of `names`, or null where none is near: at most a third of its letters, and two at least, may differ, or the
 * end of the name is missing.
 */
export function nearestName(given: string, names: readonly string[]): string | null {
  const bare = (name: string): string => name.toLowerCase().replaceAll(/[-_ ]/g, '')
  const ranked = names
    .map((name) => ({ name, steps: steps(bare(given), bare(name)) }))
    .sort((one, other) => one.steps - other.steps)
  const [best] = ranked
  return best !== undefined && best.steps <= Math.max(2, best.name.length / 3) ? best.name : null
}

function steps(given: string, name: string): number {
  return given.length >= MIN_BEGINNING && name.startsWith(given) ? 1 : editSteps(given, name)
}

/**
 * How many letters have to be put in, left out, replaced or exchanged with the next one (the optimal string alignment
 * distance, after Damerau).
 */
export function editSteps(from: string, to: string): number {
  const rows: number[][] = Array.from({ length: from.length + 1 }, (_, row) => [row])
  const at = (row: number, column: number): number => rows[row]?.[column] ?? Number.POSITIVE_INFINITY
  for (let column = 1; column <= to.length; column += 1) rows[0]?.push(column)
  for (let row = 1; row <= from.length; row += 1) {
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1]
      const isExchanged = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      const steps = [
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + (isSame ? 0 : 1),
        ...(isExchanged ? [at(row - 2, column - 2) + 1] : []),
      ]
      rows[row]?.push(Math.min(...steps))
    }
  }
  return at(from.length, to.length)
}
