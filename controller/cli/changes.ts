/**
 * Tells when something at the Service Center may have changed, from the event stream that pages use. An event carries no
 * data: whoever hears one reads again. Where there is no stream, such as behind a proxy that holds it back or while the
 * Service Center restarts, it is a change every two seconds.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { ServiceCenterClient } from './service-center-client.ts'

const RETRY_MS = 2_000
/** Several changes that fall together are read once. */
const GATHER_MS = 250

export class Changes {
  readonly #client: ServiceCenterClient
  readonly #end = new AbortController()
  #isRung = false
  #wake: (() => void) | null = null

  constructor(client: ServiceCenterClient) {
    this.#client = client
    void this.#listen()
  }

  /** True at the next change, or at one since the last call; false when so long has passed without. */
  async heard(withinMs = Number.POSITIVE_INFINITY): Promise<boolean> {
    if (!this.#isRung) {
      let timer: NodeJS.Timeout | undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        if (Number.isFinite(withinMs)) timer = setTimeout(resolve, withinMs)
      })
      clearTimeout(timer)
      this.#wake = null
    }
    if (!this.#isRung) return false
    await pause(GATHER_MS)
    this.#isRung = false
    return true
  }

  end(): void {
    this.#end.abort()
  }

  async #listen(): Promise<void> {
    const { signal } = this.#end
    while (!signal.aborted) {
      // Until the stream says its first word, something on the way may hold it back.
      const silent = setInterval(() => this.#ring(), RETRY_MS)
      const heard = () => {
        clearInterval(silent)
        this.#ring()
      }
      // Whatever ended it, whoever reads again is told what is wrong.
      await Promise.allSettled([this.#client.listen(heard, signal)])
      clearInterval(silent)
      if (signal.aborted) return
      await Promise.allSettled([pause(RETRY_MS, null, { signal })])
      this.#ring()
    }
  }

  #ring(): void {
    this.#isRung = true
    this.#wake?.()
  }
}
