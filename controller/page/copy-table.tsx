/**
 * The copies of one patch, by Data Center: how far each is, how fast, from whom, and why one waits.
 */
import type { ApplianceCopy } from '../core/copies.ts'
import { CopyLabel } from './labels.tsx'
import { Moment, WithMoments } from './moments.tsx'
import { dataCenterTitle, elementId, listed, sentence, size, timeLeft, whyWaiting } from './words.ts'

export const CopyTable = ({ copies, bytes }: { copies: ApplianceCopy[]; bytes: number }) => {
  if (copies.length === 0) return <p class="pm-quiet">No Service Provider appliance is enrolled yet.</p>
  return (
    <div class="pm-copies" tabindex={0} role="region" aria-label="Copies">
      {[...Map.groupBy(copies, ({ dataCenter }) => dataCenter)].map(([dataCenter, members]) => (
        <section aria-label={dataCenterTitle(dataCenter)}>
          <h3 class="pm-row pm-place">
            {dataCenterTitle(dataCenter)}
            <span class="pm-quiet pm-number">
              {members.filter(({ state }) => state === 'replicated').length}/{members.length}
            </span>
          </h3>
          <ul role="list">
            {members.map((copy) => (
              <Copy copy={copy} bytes={bytes} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  )
}

const Copy = ({ copy, bytes }: { copy: ApplianceCopy; bytes: number }) => (
  <li class={`pm-copy pm-${copy.state}`} id={elementId('listed-copy', copy.name)} data-copy={copy.name}>
    <span>
      <span class="pm-name">{copy.name}</span> <span class="pm-quiet">{copy.role}</span>
    </span>
    <CopyLabel state={copy.state} />
    <progress max={bytes} value={copy.bytes} aria-label={`Copy on ${copy.name}`} />
    <span class="pm-quiet pm-number">
      {copy.state === 'replicated' ? size(bytes) : `${size(copy.bytes)} of ${size(bytes)}`}
      {copy.state === 'transferring' && `, ${size(copy.bytesPerSecond)}/s, ${timeLeft(copy.secondsLeft)}`}
      {copy.state === 'transferring' && copy.sources.length > 0 && `, from ${listed(copy.sources)}`}
      {copy.provenAt !== null && (
        <>
          , last proven <Moment at={copy.provenAt} />
        </>
      )}
    </span>
    {copy.mended !== null && copy.state === 'replicated' && (
      <span class="pm-quiet pm-why">
        Mended <Moment at={copy.mended.at} />: <WithMoments text={sentence(copy.mended.reason)} />
      </span>
    )}
    {whyWaiting(copy) !== '' && (
      <span class="pm-quiet pm-why">
        <WithMoments text={whyWaiting(copy)} />
      </span>
    )}
  </li>
)
