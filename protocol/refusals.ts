/**
 * Refusals: what hostile, stale or mistaken input gets. A refusal is a value of a closed union, never an exception of
 * the core; it says what was had and what was expected, and what to do. This table is the one mapping from a refusal
 * to its HTTP status and to the hint a person reads; the codes are stable and are also the codes on the wire.
 */
import { z } from 'zod'

const TABLE = {
  // what was uploaded
  empty_file: [422, 'Choose the patch file again; the one that arrived had no bytes.'],
  not_a_patch: [422, 'Upload a patch bundle (.patch) or a Debian package (.deb).'],
  truncated: [422, 'The file ends early. Copy it again from where it was made and compare its SHA-256.'],
  malformed: [422, 'The file is damaged or was not made by a supported tool. Build or copy it again.'],
  unsupported: [422, 'Build it in one of the ways that the operator\'s guide lists under "Which packages are taken".'],
  digest_mismatch: [422, 'The file changed after it was made. Copy it again from where it was made.'],
  size_mismatch: [422, 'The file was cut or extended after it was made. Copy it again from where it was made.'],
  trailing_bytes: [422, 'Something follows the end of the patch. Upload the file exactly as it was made.'],
  bad_name: [422, 'Rename the patch, or the file inside it, and build it again.'],
  bad_manifest: [422, 'Correct the manifest, or the control file of a package, and build the patch again.'],
  unsafe_entry: [
    422,
    'Build it again without that entry. A bundle holds only plain files and folders inside payload/.',
  ],
  unsigned: [
    422,
    'Ask one of the publishers to sign the bundle: patchmesh release sign. A .deb is wrapped in one first: patchmesh release wrap.',
  ],
  untrusted_signature: [
    422,
    'Ask the publisher to sign it with enough keys that are good now, or an Owner to list them.',
  ],
  too_large: [413, 'Split the patch, or remove what it does not need.'],
  too_slow: [
    408,
    'Nothing was kept of it. Upload it with patches upload FILE --resume, or on the page: they go on after a cut.',
  ],
  upload_cut: [
    400,
    'Nothing was kept of it. Upload it again, with patches upload FILE --resume or on the page: they go on after a cut.',
  ],
  upload_stopped: [
    408,
    'What arrived is kept for 24 hours. Upload the same file with patches upload FILE --resume, or on the page: it goes on there.',
  ],
  wrong_offset: [409, 'Ask where the upload stands, and go on from there.'],
  upload_quota: [429, 'Give up an unfinished upload, or let one end, first.'],
  tus_version: [412, 'Send Tus-Resumable: 1.0.0.'],
  name_taken: [
    409,
    'Give the changed patch a new version. A name, version and architecture never stand for two different files.',
  ],
  no_copy: [409, 'Upload the same file again, or wait until it is mended from an appliance, then try again.'],
  no_space: [507, 'Make room on the disk that is named, then try again.'],
  // what was asked of the Service Center
  bad_request: [400, 'Compare the request with /api/v1/openapi.json.'],
  bad_field: [400, 'Correct that field and send the form again.'],
  unauthenticated: [401, 'Sign in on the page, or send an API token (patchmesh api-token).'],
  wrong_password: [401, 'Compare name and password. An Owner can make a new sign-in link for you.'],
  weak_password: [422, 'Choose a longer password; several words are easier to remember than signs.'],
  slow_down: [
    429,
    'Wait a moment and try again. A sign-in link works at any time: an Owner makes one, or patchmesh sign-in-link.',
  ],
  wrong_passkey: [401, 'Use a passkey that is listed on Your account, or sign in with name and password.'],
  passkey_required: [401, 'Sign in with your passkey. Without one ask an Owner for a sign-in link, and add one.'],
  copied_passkey: [401, 'Sign in another way, remove this passkey on Your account, and add a new one.'],
  used_challenge: [409, 'Begin again: what a passkey has signed counts once, within five minutes.'],
  no_host_name: [
    422,
    'Open the page by a host name, such as http://localhost:8080 or the address given with --origin.',
  ],
  passkey_exists: [409, 'Use the passkey that is there, or remove it first.'],
  too_many_passkeys: [409, 'Remove a passkey that is not used any more.'],
  sign_in_again: [403, 'Sign out and in again, and do this within a quarter of an hour.'],
  person_exists: [409, 'Choose another name, or change the account that has this one.'],
  last_owner: [409, 'Make somebody an Owner first; the first is whoever follows the link of: patchmesh sign-in-link.'],
  other_person: [409, 'Open this page again: somebody else has signed in with this browser.'],
  forbidden: [403, 'Ask an Owner for a role that may do this; People lists them.'],
  https_only: [403, 'Open the page over HTTPS: give the controller --tls-cert and --tls-key, or --behind-tls-proxy.'],
  cross_site: [403, "Send the request from the Service Center's own page, or with an API token."],
  not_found: [404, 'List what there is and use its id.'],
  ambiguous_patch: [409, 'Name one of them: NAME@VERSION:ARCHITECTURE, or its id.'],
  unknown_organization: [422, 'Choose organizations that have appliances: patchmesh appliances list.'],
  unknown_data_center: [422, 'Choose a Data Center that has appliances, or All.'],
  nothing_chosen: [422, 'Choose at least one organization.'],
  nothing_to_install: [422, 'Choose another Data Center, or an organization that has appliances in that one.'],
  too_many_patches: [409, 'Withdraw patches that nobody needs any more.'],
  too_many_appliances: [409, 'Retire appliances that are gone, revoke tokens, or divide the Data Center.'],
  held: [409, 'Switch the copy off, then say that one machine is left: appliances trust NAME.'],
  not_held: [409, 'Look at the appliance: nothing has to be decided about it.'],
  in_use: [409, 'Cancel the install that uses the patch and wait until it has ended, or keep the patch.'],
  patch_installed: [
    409,
    'Keep it, or install another version in its place there first: what is installed stays listed.',
  ],
  unheard: [409, 'Wait until something is heard of the appliance, or retire it.'],
  install_running: [409, 'Wait until that install has ended there, cancel it, or leave those appliances out.'],
  already_ended: [409, 'Start a new install; one that is done or cancelled does not start again.'],
  bad_window: [422, "Correct its first day, its rule or its length; the operator's guide has examples."],
  no_window: [409, 'Set a maintenance window that is long enough, or start the install with --outside-windows.'],
  too_many_baselines: [409, 'Remove baselines of places that need none.'],
  too_many_windows: [409, 'Remove windows and blackouts that are over.'],
  nothing_to_resume: [409, 'Resume it with --retry-failed once you know why it failed, or start a new install.'],
  bad_document: [422, 'Make the file again with patchmesh policy or patchmesh approve, and send it as it was made.'],
  bad_policy: [403, 'Ask the owners of the policy before it to sign it: patchmesh policy sign FILE --key FILE.'],
  no_policy: [409, 'Begin with a policy, if installs shall need approvals: patchmesh policy init.'],
  no_depot: [
    422,
    'Enroll a Service Provider appliance of that Data Center first; tenant appliances connect through it.',
  ],
  bad_topology: [422, 'Correct the topology file at the lines that are named; simulator/topologies/ has examples.'],
  name_in_use: [409, 'Choose another appliance name; names are unique in the fleet.'],
  last_member: [409, 'Enroll another member of its group first, or say that the last one shall go too.'],
  role_taken: [409, 'The group already has a primary. Enroll this appliance as secondary, or name another group.'],
  key_reused: [409, 'Send a new Idempotency-Key with a new request.'],
  changed_meanwhile: [412, 'Look at what it is now, then change that.'],
  // what a peer said
  undecodable: [400, 'The peer speaks another protocol or version. Compare the versions of both ends.'],
  bad_signature: [403, 'It was changed on the way, or the key that it names did not sign it. Ask for it again.'],
  wrong_signer: [403, 'Ask whoever has a say in this to sign it.'],
  wrong_addressee: [403, 'Send it to the appliance that it names.'],
  wrong_scope: [
    403,
    "Compare the order with the appliance's membership, and start a new install for its organization and Data Center.",
  ],
  stale: [409, 'Keep what is known here; it is newer.'],
  replayed: [409, 'Start a new install if it shall be done again; one order is carried out once.'],
  expired: [410, 'Its time has passed. Ask for a new one.'],
  unknown_token: [403, 'Make a new token: patchmesh enroll-token.'],
  used_token: [403, 'A token enrolls one appliance. Make a new one: patchmesh enroll-token.'],
  not_a_member: [403, 'Enroll the appliance with a token.'],
  too_many: [429, 'Keep to the limits in protocol/README.md.'],
  withdrawn: [410, 'Choose another version, or upload the file again if it was withdrawn by mistake.'],
  // why an appliance does not take in what is on a disk
  not_wanted: [409, 'Use a Service Provider appliance of its Data Center: the others copy it from there.'],
  import_running: [409, 'Wait until that has ended, then import again: only what is missing is taken.'],
  disk_failed: [409, 'Look at the disk of this appliance; what was taken in is kept, and the rest is tried again.'],
  disk_unreadable: [409, 'Look whether the disk is mounted and whether you may read it, then import again.'],
  // why an appliance does not carry out an order
  not_replicated: [409, 'Wait until the patch is replicated to this Data Center.'],
  not_applicable: [409, 'Choose a patch that is meant for this appliance.'],
  needs_prerequisite: [409, 'Install what is named first, then this patch.'],
  too_many_orders: [409, 'Wait until installs that run there have ended, then start a new one.'],
  conflicting_patch: [409, 'Keep what is there, or install what takes its place first.'],
  not_installable: [409, 'Look at the reason, do what it says on that appliance, then start a new install.'],
  check_failed: [
    409,
    'Look at what the check complains of and mend it there, or set mustPassBefore: false for it, then start a new install.',
  ],
  switchover_failed: [
    409,
    'Look at the switchover hooks of that appliance and at its peer, see to it that one of both serves, then start a new install.',
  ],
  stopped_at_appliance: [409, 'Ask who looks after that appliance why; then start a new install.'],
  already_begun: [
    409,
    'Wait until it has ended: what has begun to change an appliance is finished or put back, never cut off.',
  ],
  peer_not_at_patch: [
    409,
    'Look why the other member of its pair did not get the patch, then resume the install with --retry-failed, or start a new one.',
  ],
  not_approved: [403, 'Ask those who may approve it: patchmesh approve INSTALL --key FILE, or start a new install.'],
  wrong_authorization: [403, 'Start a new install for exactly these appliances, and have that approved.'],
  newer_install: [
    409,
    'Start a new install if this version shall be there; a later install was ordered on that appliance.',
  ],
  below_floor: [
    403,
    'Install a later version. To go back start a new install, which says so to its approvers; a floor is lowered by a new policy.',
  ],
  no_peer: [409, 'Enroll or mend its peer first, or start the install again and allow the outage (--allow-outage).'],
  standing_by: [503, 'Ask the node that leads: an address in front of all nodes finds it by /readyz.'],
  internal: [500, "Look for the request id in the controller's log."],
} as const satisfies Record<string, readonly [status: number, hint: string]>

export const RefusalCode = z.enum(Object.keys(TABLE) as [keyof typeof TABLE, ...(keyof typeof TABLE)[]])
export type RefusalCode = z.infer<typeof RefusalCode>

export type Refusal = { readonly refused: RefusalCode; readonly message: string }

/** `message` is one sentence that names what was had and what was got. */
export function refuse(refused: RefusalCode, message: string): Refusal {
  return { refused, message }
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'refused' in value
}

export function httpStatus(code: RefusalCode): (typeof TABLE)[RefusalCode][0] {
  return TABLE[code][0]
}

/** What the person who met the refusal can do. */
export function hint(code: RefusalCode): string {
  return TABLE[code][1]
}

/** Carries a refusal out of a stream pipeline of a shell; whoever started the pipeline turns it back into a value. */
export class RefusedError extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.message)
    this.name = 'RefusedError'
    this.refusal = refusal
  }
}
