/**
 * The way of a patch as a picture: from the Service Center to the primary of each Data Center and on to its secondary,
 * with a bar for each copy. It is made of text and bars, so it reads the same without seeing it. Of many Data Centers it
 * shows those that are not complete, and leads to the list of all.
 */
import { useContext } from 'hono/jsx'
import type { ApplianceCopy } from '../core/copies.ts'
import { CopyLabel } from './labels.tsx'
import { Moment, WithMoments } from './moments.tsx'
import { ReaderContext } from './reader.tsx'
import { counted, dataCenterTitle, elementId, listed, SYSTEM_PATCHES, size, timeLeft, whyWaiting } from './words.ts'

/** More than these are a list, and no picture. */
const MAX_BRANCHES = 10

type PictureProps = { copies: ApplianceCopy[]; bytes: number; patch: string; isOwnRight: boolean }

export const ReplicationPicture = ({ copies, bytes, patch, isOwnRight }: PictureProps) => {
  if (copies.length === 0) {
    const { organizations = null } = useContext(ReaderContext) ?? {}
    if (organizations !== null) return <p>{listed(organizations)} has no appliance yet.</p>
    return (
      <p>
        No Service Provider appliance is enrolled yet, so there is nowhere to replicate to. Enroll one with{' '}
        <code>patchmesh enroll-token</code>.
      </p>
    )
  }
  const all = [...Map.groupBy(copies, ({ dataCenter }) => dataCenter)]
  const dataCenters = all.length <= MAX_BRANCHES ? all : all.filter(isUnderWay).slice(0, MAX_BRANCHES)
  return (
    <>
      <div class="pm-picture">
        <div class="pm-box pm-origin">
          <strong>Service Center</strong>
          <span class="pm-quiet">
            {size(bytes)}, {isOwnRight ? 'complete' : 'not right, being mended'}
          </span>
        </div>
        <ul class="pm-branches" role="list">
          {dataCenters.map(([dataCenter, members]) => (
            <li class="pm-branch" id={elementId('branch', dataCenter)}>
              <h3 class="pm-place">{dataCenterTitle(dataCenter)}</h3>
              <ol class="pm-chain" role="list">
                {members.map((copy) => (
                  <Member copy={copy} bytes={bytes} />
                ))}
              </ol>
            </li>
          ))}
        </ul>
      </div>
      {dataCenters.length < all.length && (
        <p class="pm-rest">
          {counted(all.length - dataCenters.length, 'more Data Center')}, {all.filter((one) => !isUnderWay(one)).length}{' '}
          of them complete. <a href={`${SYSTEM_PATCHES}?search=${patch}&superseded=show&open=${patch}`}>Show all</a>
        </p>
      )}
    </>
  )
}

function isUnderWay([, members]: [string, ApplianceCopy[]]): boolean {
  return members.some(({ state }) => state !== 'replicated')
}

const Member = ({ copy, bytes }: { copy: ApplianceCopy; bytes: number }) => (
  <li class={`pm-box pm-member pm-${copy.state}`} id={elementId('copy', copy.name)} data-appliance={copy.name}>
    <span class="pm-row pm-spread">
      <strong class="pm-name">{copy.name}</strong>
      <span class="pm-quiet">{copy.role}</span>
    </span>
    <progress max={bytes} value={copy.bytes} aria-label={`Copy on ${copy.name}`} />
    <span class="pm-row pm-spread">
      <CopyLabel state={copy.state} />
      <span class="pm-quiet pm-number">
        {copy.state === 'replicated' ? size(bytes) : `${size(copy.bytes)} of ${size(bytes)}`}
      </span>
    </span>
    {copy.state === 'transferring' && <Incoming copy={copy} />}
    {copy.provenAt !== null && (
      <span class="pm-quiet">
        last proven <Moment at={copy.provenAt} />
      </span>
    )}
    {whyWaiting(copy) !== '' && (
      <span class="pm-quiet">
        <WithMoments text={whyWaiting(copy)} />
      </span>
    )}
  </li>
)

const Incoming = ({ copy: { bytesPerSecond, sources, secondsLeft } }: { copy: ApplianceCopy }) => (
  <>
    <span class="pm-row pm-spread pm-quiet pm-number">
      <span>{size(bytesPerSecond)}/s</span>
      <span>{timeLeft(secondsLeft)}</span>
    </span>
    {sources.length > 0 && <span class="pm-quiet">From {listed(sources)}</span>}
  </>
)
