export type PlantedBug = {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
  readonly checkers: readonly string[]
}
export const plantedBugs: readonly PlantedBug[] = []
