/**
 * Text that leaves a machine for people to read, without the secrets that may have got into it: enrollment tokens,
 * sign-in links, bearer tokens and private keys.
 */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/pm1\.[A-Za-z0-9_-]+/g, 'pm1.[redacted]'],
  [/(link=)[A-Za-z0-9_-]{16,}/g, '$1[redacted]'],
  [/(bearer\s+)[!-~]+/gi, '$1[redacted]'],
  [/((?:password|passphrase|secret|token|api[-_]?key)["']?\s*[:=]\s*)(?:"[^"]*"|'[^']*'|[^\s,;}]+)/gi, '$1[redacted]'],
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]*(?:-----END [A-Z ]*PRIVATE KEY-----)?/g, '[redacted private key]'],
]

export function redacted(text: string): string {
  return SECRETS.reduce((kept, [pattern, instead]) => kept.replace(pattern, instead), text)
}
