/**
 * Text that leaves a machine for people to read, without the secrets that may have got into it: enrollment tokens,
 * sign-in links, sessions, bearer tokens, passwords and private keys. What is named is found in JSON within JSON too.
 */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/pm1\.[A-Za-z0-9_-]+/g, 'pm1.[redacted]'],
  [/AGE-SECRET-KEY-1[A-Z0-9]+/g, 'AGE-SECRET-KEY-1[redacted]'],
  [/(link=)[A-Za-z0-9_-]{16,}/g, '$1[redacted]'],
  [/(patchmesh-(?:session|device)=)[^\s;,"'\\]+/g, '$1[redacted]'],
  [/(bearer\s+)[!-~]+/gi, '$1[redacted]'],
  [/(authorization["'\\]{0,4}\s*[:=]\s*["'\\]{0,4}(?:basic|digest)\s+)[^\s"'\\]+/gi, '$1[redacted]'],
  [/(:\/\/)[^\s/@:]{0,200}:[^\s/@]{1,200}@/g, '$1[redacted]@'],
  [
    /((?:password|passwd|passphrase|secret|token|api[-_]?key|private[-_]?key)["'\\]{0,4}\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[^\s,;}]+)/gi,
    '$1[redacted]',
  ],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?/g, '[redacted private key]'],
]

export function redacted(text: string): string {
  return SECRETS.reduce((kept, [pattern, instead]) => kept.replace(pattern, instead), text)
}
