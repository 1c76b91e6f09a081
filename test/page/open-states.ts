/**
 * Brings people to the states of the pages, in one browser. States that only read share a fleet, its Service Center and
 * the window of a person who is signed in: to make them anew for each takes longer than to look. A state that changes
 * something has all of these for itself.
 */
import type { Browser, Page } from 'playwright-core'
import { SYSTEM_PATCHES } from '../../controller/page/words.ts'
import { openWindow, type WatchedPage } from '../support/browser.ts'
import type { Fleet } from '../support/fleet-fixtures.ts'
import { type ServedApp, serveApp } from '../support/http-fixtures.ts'
import { PASSWORD, person, signIn } from '../support/people-fixtures.ts'
import type { PageState } from './page-states.ts'

export type OpenedState = Pick<WatchedPage, 'page' | 'faults'> & {
  /** Ends what the state does not share. */
  leave(): Promise<void>
}
export type StateOpener = {
  open(state: PageState): Promise<OpenedState>
  close(): Promise<void>
}

type Who = NonNullable<PageState['person']>
type Place = { fleet: Fleet; app: ServedApp; windows: Map<Who, WatchedPage> }

export function stateOpener(browser: Browser): StateOpener {
  const shared = new Map<string, Place>()

  async function placeOf(state: PageState): Promise<Place> {
    if (state.changes === true) return openPlace(state)
    // Where somebody has an account, the first admin is none.
    const key = `${state.fleet.name}, ${hasAccount(state)}`
    const place = shared.get(key) ?? (await openPlace(state))
    shared.set(key, place)
    return place
  }

  async function windowOf(place: Place, who: Who): Promise<WatchedPage> {
    const window = place.windows.get(who) ?? (await openWindow(browser))
    if (!place.windows.has(who)) {
      place.windows.set(who, window)
      // A colour that is on its way from light to dark is neither.
      await window.page.emulateMedia({ reducedMotion: 'reduce' })
      await enter(window.page, place, who)
    }
    window.faults.length = 0
    await window.page.setViewportSize({ width: 1280, height: 900 })
    return window
  }

  return {
    async open(state) {
      const place = await placeOf(state)
      const leave = () => (state.changes === true ? closePlace(place) : Promise.resolve())
      try {
        const { page, faults } = await windowOf(place, state.person ?? 'owner')
        await page.goto(named(`${place.app.url}${state.address}`))
        await state.act?.(page, place.app)
        return { page, faults, leave }
      } catch (error) {
        await leave()
        throw error
      }
    },
    async close() {
      for (const place of shared.values()) await closePlace(place)
    },
  }
}

async function openPlace({ fleet: make }: PageState): Promise<Place> {
  const fleet = await make()
  return { fleet, app: await serveApp(fleet), windows: new Map() }
}

async function closePlace({ fleet, app, windows }: Place): Promise<void> {
  for (const window of windows.values()) await window.close()
  await app.close()
  await fleet.close()
}

function hasAccount({ person: who, isUnclaimed }: PageState): boolean {
  return who !== 'first admin' && isUnclaimed !== true
}

/** By a host name, since browsers have no passkeys for an address in numbers. */
const named = (address: string) => address.replace('127.0.0.1', 'localhost')

async function enter(page: Page, { fleet, app }: Place, who: Who): Promise<void> {
  if (who === 'nobody') return
  if (who === 'first admin') {
    await page.goto(named(await app.signInLink()))
    await page.waitForURL(`**${SYSTEM_PATCHES}`)
    return
  }
  const { repository } = fleet
  const name = who === 'owner' ? 'Ana' : 'Vera'
  const accounts = await repository.people.accounts()
  if (!accounts.some((account) => account.name === name)) await person(repository, name, who)
  const { session = '' } = await signIn(app.url, { name, password: PASSWORD })
  const [key = '', value = ''] = session.split('=')
  await page.context().addCookies([{ name: key, value, url: named(app.url), httpOnly: true, sameSite: 'Strict' }])
}
