/** What one visitor is told, in order, however far apart it is told and read. */
export class Answers<Answer> {
  readonly #told: Answer[] = []
  #heard: ((answer: Answer) => void) | null = null

  push(answer: Answer): void {
    const heard = this.#heard
    this.#heard = null
    if (heard === null) this.#told.push(answer)
    else heard(answer)
  }

  next(): Promise<Answer> {
    const told = this.#told.shift()
    if (told !== undefined) return Promise.resolve(told)
    return new Promise((resolve) => {
      this.#heard = resolve
    })
  }
}
