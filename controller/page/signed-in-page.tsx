/**
 * Leads on from a sign-in link. The browser takes the next step from a page of ours, so it sends the new cookie along.
 */
import { assetAddress } from './assets.ts'
import { SYSTEM_PATCHES } from './words.ts'

export const signedInPage = () => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta http-equiv="refresh" content={`0; url=${SYSTEM_PATCHES}`} />
      <title>Signed in</title>
      <link rel="stylesheet" href={assetAddress('patternfly.css')} />
    </head>
    <body>
      <p>
        Signed in. <a href={SYSTEM_PATCHES}>Go to System Patches</a>
      </p>
    </body>
  </html>
)
