/**
 * Leads on from a sign-in link. The browser takes the next step from a page of ours, so it sends the new cookie along.
 */
import { assetAddress } from './assets.ts'

export const signedInPage = (address: string) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta http-equiv="refresh" content={`0; url=${address}`} />
      <title>Signed in</title>
      <link rel="stylesheet" href={assetAddress('patternfly.css')} />
    </head>
    <body>
      <p>
        Signed in. <a href={address}>Go on</a>
      </p>
    </body>
  </html>
)
