/**
 * What somebody is told who may want to come back to a fleet that stays up: where the page is, and how to get in again
 * after signing out, also before there is an account.
 */
export function wayBack({ link, data }: { link: string; data: string }): string {
  return [
    '',
    `System Patches: ${link}`,
    '(the link works once; Ctrl-C stops everything and removes its files)',
    '',
    `The data of the Service Center: ${data}`,
    `Signed out, or the link is used up? Another one: ./patchmesh sign-in-link --data ${data}`,
    `For the command line: export PATCHMESH_API_TOKEN=$(./patchmesh api-token --data ${data}) PATCHMESH_SERVER=${new URL(link).origin}`,
  ].join('\n')
}
