/**
 * What a patch is and what installing it changes, who signed it, and its digest, to be compared with the publisher's.
 */
import type { PatchDetail } from '../core/patch-views.ts'
import { Copyable, Fact } from './facts.tsx'
import { Replications } from './labels.tsx'
import { Alert, Card } from './layout.tsx'
import { Moment } from './moments.tsx'
import { IfMay } from './reader.tsx'
import { duration, listed, patchAddress, patchReference, patchTitle, sentence, size } from './words.ts'

const FORMATS = { bundle: 'patch bundle', deb: 'Debian package' } as const
const RESTARTS = { none: 'no restart', service: 'restarts a service', reboot: 'restarts the appliance' } as const
const REVERTS = {
  none: 'cannot be reverted',
  script: 'goes back with a program of its own',
} as const

const REVERTED_BY_DPKG = 'the version that was there is put back from its package, where that is at hand'

export const PatchFacts = ({ patch, unreachable }: { patch: PatchDetail; unreachable: number }) => (
  <Card id="facts" title="Patch" live>
    {patch.supersededBy !== null && (
      <Alert tone="info" title={`Superseded by ${patchTitle(patch.supersededBy)}`}>
        It can still be installed. <a href={patchAddress(patch.supersededBy)}>Show the newer patch</a>
      </Alert>
    )}
    <dl class="pf-v6-c-description-list pm-facts">
      <Fact term="Replications">
        <span aria-live="polite">
          <Replications
            replications={patch.replications}
            newAppliances={patch.newAppliances}
            unreachable={unreachable}
          />
        </span>
      </Fact>
      <Fact term="Type">
        {FORMATS[patch.format]}, {patch.kind}, {size(patch.bytes)}
      </Fact>
      <Fact term="Uploaded">
        <Moment at={patch.uploadedAt} />
        {patch.uploadedBy !== null && ` by ${patch.uploadedBy}`}
      </Fact>
      <Fact term="Publisher">
        {patch.publisher}, made <Moment at={patch.created} />
      </Fact>
      <Fact term="Installing it">
        {RESTARTS[patch.restart]}, about {duration(patch.estimateSeconds)} an appliance
      </Fact>
      <Fact term="If it fails">{patch.format === 'deb' ? REVERTED_BY_DPKG : REVERTS[patch.revert]}</Fact>
      <Fact term="Meant for">
        {patch.appliesTo.length === 0 ? 'every kind of appliance' : listed(patch.appliesTo)}
        {patch.architecture !== null && `, ${patch.architecture}`}
      </Fact>
      {patch.requires.length > 0 && <Fact term="Requires">{listed(patch.requires)}</Fact>}
      {patch.conflicts.length > 0 && <Fact term="Conflicts with">{listed(patch.conflicts)}</Fact>}
      {patch.supersedes.length > 0 && <Fact term="Supersedes">{listed(patch.supersedes)}</Fact>}
      <IfMay do="carry">
        <Fact term="For a site without a line">
          <a href={`/api/v1/patches/${patch.id}/file`} data-operation="downloadPatch">
            Download the file
          </a>{' '}
          and{' '}
          <a href={`/api/v1/patches/${patch.id}/proof`} data-operation="provePatch">
            what proves it
          </a>
          , or write a disk with <code>patchmesh export {patchReference(patch)} --to FOLDER</code>
        </Fact>
      </IfMay>
      <Fact term="Copy at the Service Center">
        <OwnCopy copy={patch.ownCopy} />
      </Fact>
    </dl>
    <dl class="pf-v6-c-description-list pm-keys">
      <Fact term="SHA-256">
        <Copyable id="digest" text={patch.sha256} what="SHA-256" />
      </Fact>
      <Fact term="Signed by the publisher">
        {patch.publishedBy === null ? (
          'Not checked: no publisher was listed when it was uploaded.'
        ) : (
          <>
            <span class="pm-name">{patch.publishedBy.publisher}</span>, with
            {patch.publishedBy.keys.map((key) => (
              <div>
                <code class="pm-digest">{key}</code>
              </div>
            ))}
          </>
        )}
      </Fact>
      <Fact term="Signed by the Service Center's key">
        <Copyable id="signer" text={patch.signedBy} what="key" />
      </Fact>
    </dl>
  </Card>
)

const OwnCopy = ({ copy: { provenAt, wrong } }: { copy: PatchDetail['ownCopy'] }) =>
  provenAt === null ? (
    <span data-own-copy="wrong">
      Not right: {sentence(wrong)} It is mended from an appliance that has a proven copy, or when the same file is
      uploaded again.
    </span>
  ) : (
    <span data-own-copy="right">
      last proven <Moment at={provenAt} />
    </span>
  )
