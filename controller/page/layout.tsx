/**
 * The frame of every page: masthead, navigation, the place where a lost connection is told, and the main region whose
 * live parts live.js keeps up to date. It holds no data of its own.
 */

import { raw } from 'hono/html'
import { type Child, useContext } from 'hono/jsx'
import { assetAddress } from './assets.ts'
import { DropDown } from './form-fields.tsx'
import { IfMay, type Reader, ReaderContext } from './reader.tsx'
import {
  API_TOKENS,
  APPLIANCES,
  BASELINES,
  DATA_CENTERS,
  EXPOSURE,
  FIRST_OWNER,
  INSTALLS,
  PEOPLE,
  POLICY,
  PUBLISHERS,
  RETENTION,
  SYSTEM_PATCHES,
  TRAIL,
  WINDOWS,
  YOUR_ACCOUNT,
} from './words.ts'

type Frame = {
  title: string
  children?: Child
  /** Without a session there is nowhere to go and nothing to listen to. */
  signedIn?: boolean
  /** The address in the navigation under which the page lies. */
  current?: string
}

export const Layout = ({ title, children, signedIn = true, current = SYSTEM_PATCHES }: Frame) => (
  <>
    {raw('<!doctype html>')}
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title}</title>
        <link rel="icon" href={assetAddress('icon.svg')} type="image/svg+xml" />
        <script src={assetAddress('theme.js')} />
        <link rel="stylesheet" href={assetAddress('patternfly.css')} />
        <link rel="stylesheet" href={assetAddress('page.css')} />
        <link rel="stylesheet" href={assetAddress('fleet.css')} />
        <script type="module" src={assetAddress('times.js')} />
        <script type="module" src={assetAddress('passkeys.js')} />
        {signedIn && <script type="module" src={assetAddress('live.js')} />}
        {signedIn && <script type="module" src={assetAddress('here.js')} />}
        {signedIn && <script type="module" src={assetAddress('upload.js')} />}
        {signedIn && <script type="module" src={assetAddress('actions.js')} />}
        {signedIn && <script type="module" src={assetAddress('forms.js')} />}
      </head>
      <body {...personOf(useContext(ReaderContext))}>
        <div class="pf-v6-c-page">
          <a class="pm-skip" href="#main">
            Skip to content
          </a>
          <Masthead signedIn={signedIn} />
          {signedIn && <Navigation current={current} />}
          <div class="pf-v6-c-page__main-container">
            <main class="pf-v6-c-page__main" id="main" tabindex={-1}>
              {signedIn && (
                <p class="pm-connection" id="connection" role="status" data-operation="streamEvents" hidden />
              )}
              {signedIn && <FirstOwnerNotice current={current} />}
              {children}
            </main>
          </div>
        </div>
      </body>
    </html>
  </>
)

const Masthead = ({ signedIn }: { signedIn: boolean }) => (
  <header class="pf-v6-c-masthead">
    <div class="pf-v6-c-masthead__main">
      <div class="pf-v6-c-masthead__brand">
        <a class="pf-v6-c-masthead__logo pm-brand" href={SYSTEM_PATCHES}>
          <img src={assetAddress('icon.svg')} alt="" width="28" height="28" />
          <span>
            patchmesh <span class="pm-brand-place">Service Center</span>
          </span>
        </a>
      </div>
    </div>
    <div class="pf-v6-c-masthead__content">
      <Theme />
      {signedIn && <Account />}
      {signedIn && (
        <form class="pm-sign-out" method="post" action="/sign-out">
          <button class="pf-v6-c-button pf-m-secondary pf-m-small" type="submit">
            Sign out
          </button>
        </form>
      )}
    </div>
  </header>
)

/** Only scripts can keep the choice, so theme.js shows it. */
const Theme = () => (
  <DropDown
    {...{ id: 'theme', 'aria-label': 'Theme', frame: 'pm-theme', hidden: true }}
    choices={[
      { value: 'system', text: 'System theme' },
      { value: 'light', text: 'Light' },
      { value: 'dark', text: 'Dark' },
    ]}
  />
)

const Navigation = ({ current }: { current: string }) => (
  <div class="pf-v6-c-page__sidebar pm-sidebar">
    <div class="pf-v6-c-page__sidebar-main">
      <div class="pf-v6-c-page__sidebar-body">
        <nav class="pf-v6-c-nav" aria-label="Global">
          <section class="pf-v6-c-nav__section" aria-labelledby="nav-appliances">
            <h2 class="pf-v6-c-nav__section-title" id="nav-appliances">
              Appliances
            </h2>
            <ul class="pf-v6-c-nav__list" role="list">
              <NavigationItem name="Software updates" address={SYSTEM_PATCHES} current={current} />
              <NavigationItem name="Installs" address={INSTALLS} current={current} />
              <NavigationItem name="All appliances" address={APPLIANCES} current={current} />
              <NavigationItem name="Data Centers" address={DATA_CENTERS} current={current} />
              <NavigationItem name="Maintenance windows" address={WINDOWS} current={current} />
              <NavigationItem name="Baselines" address={BASELINES} current={current} />
              <NavigationItem name="Exposure" address={EXPOSURE} current={current} />
              <NavigationItem name="Retention" address={RETENTION} current={current} />
              <IfMay do="read-policy">
                <NavigationItem name="Approvals" address={POLICY} current={current} />
              </IfMay>
            </ul>
          </section>
          <AccessNavigation current={current} />
        </nav>
      </div>
    </div>
  </div>
)

const AccessNavigation = ({ current }: { current: string }) => (
  <IfMay do="read-trail">
    <section class="pf-v6-c-nav__section" aria-labelledby="nav-access">
      <h2 class="pf-v6-c-nav__section-title" id="nav-access">
        Access
      </h2>
      <ul class="pf-v6-c-nav__list" role="list">
        <IfMay do="manage-access">
          <NavigationItem name="People" address={PEOPLE} current={current} />
          <NavigationItem name="API tokens" address={API_TOKENS} current={current} />
        </IfMay>
        <IfMay do="manage-publishers">
          <NavigationItem name="Publishers" address={PUBLISHERS} current={current} />
        </IfMay>
        <NavigationItem name="Trail" address={TRAIL} current={current} />
      </ul>
    </section>
  </IfMay>
)

/** The scripts say with each request whose page it comes from: in another window somebody else may have signed in. */
function personOf(reader: Reader | null): Record<string, string> {
  return reader === null ? {} : { 'data-person': encodeURIComponent(reader.name) }
}

const Account = () => {
  const reader = useContext(ReaderContext)
  return (
    reader !== null && (
      <a class="pm-account" href={YOUR_ACCOUNT}>
        <span class="pf-v6-screen-reader">Signed in as </span>
        {reader.name}
        <span class="pm-quiet"> {reader.role}</span>
      </a>
    )
  )
}

const FirstOwnerNotice = ({ current }: { current: string }) =>
  useContext(ReaderContext)?.isFirst === true &&
  current !== FIRST_OWNER && (
    <section class="pf-v6-c-page__main-section" aria-label="First sign-in">
      <div class="pf-v6-c-page__main-body">
        <Alert tone="info" title="You came in with the one-time link: there is no account yet.">
          <p>
            <a href={FIRST_OWNER}>Create the Owner account</a>, so that you can sign in again.
          </p>
        </Alert>
      </div>
    </section>
  )

const NavigationItem = ({ name, address, current }: { name: string; address: string; current: string }) => (
  <li class="pf-v6-c-nav__item">
    <a
      href={address}
      class={`pf-v6-c-nav__link${address === current ? ' pf-m-current' : ''}`}
      {...(address === current ? { 'aria-current': 'page' } : {})}
    >
      <span class="pf-v6-c-nav__link-text">{name}</span>
    </a>
  </li>
)

/** The top of a page: where it stands, its name, and what may be done with it as a whole. */
export const PageHeader = (props: {
  heading: string
  trail: { name: string; address: string }[]
  children?: Child
}) => (
  <section class="pf-v6-c-page__main-section pm-header" aria-label="Where you are">
    <div class="pf-v6-c-page__main-body">
      <nav class="pf-v6-c-breadcrumb" aria-label="Breadcrumb">
        <ol class="pf-v6-c-breadcrumb__list" role="list">
          {props.trail.map(({ name, address }) => (
            <li class="pf-v6-c-breadcrumb__item">
              <a href={address} class="pf-v6-c-breadcrumb__link">
                {name}
              </a>
              <span class="pm-divider" aria-hidden="true">
                ›
              </span>
            </li>
          ))}
          <li class="pf-v6-c-breadcrumb__item" aria-current="page">
            {props.heading}
          </li>
        </ol>
      </nav>
      <div class="pm-heading">
        <h1 class="pf-v6-c-title pf-m-2xl">{props.heading}</h1>
        {props.children}
      </div>
    </div>
  </section>
)

/** One card of a page; `live` names the part that live.js refreshes. */
export const Card = (props: { id: string; title: string; children?: Child; live?: boolean }) => (
  <section class="pf-v6-c-page__main-section" aria-labelledby={`${props.id}-title`}>
    <div class="pf-v6-c-page__main-body">
      <div class="pf-v6-c-card" id={props.id}>
        <div class="pf-v6-c-card__title">
          <h2 class="pf-v6-c-card__title-text" id={`${props.id}-title`}>
            {props.title}
          </h2>
        </div>
        <div class="pf-v6-c-card__body" {...(props.live ? { 'data-live': props.id } : {})}>
          {props.children}
        </div>
      </div>
    </div>
  </section>
)

export type AlertTone = 'info' | 'success' | 'warning' | 'danger'
const SIGNS: Record<AlertTone, string> = { info: 'i', success: '✓', warning: '!', danger: '✕' }

export const Alert = (props: { tone: AlertTone; title: string; children?: Child }) => (
  <div class={`pf-v6-c-alert pf-m-inline pf-m-${props.tone}`}>
    <div class="pf-v6-c-alert__icon pm-sign" aria-hidden="true">
      {SIGNS[props.tone]}
    </div>
    <p class="pf-v6-c-alert__title">
      <span class="pf-v6-screen-reader">{props.tone}: </span>
      {props.title}
    </p>
    {props.children !== undefined && <div class="pf-v6-c-alert__description">{props.children}</div>}
  </div>
)
