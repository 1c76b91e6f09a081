/**
 * Moments as UTC, which times.js turns into the time of the reader's clock.
 */
import { exactMoment, moment } from './words.ts'

/** From the ISO 8601 text of the API. */
export const Moment = ({ at }: { at: string }) => <time datetime={at}>{moment(at)}</time>

/** Where things follow one another within a minute. */
export const ExactMoment = ({ at }: { at: string }) => (
  <time datetime={at} data-exact="">
    {exactMoment(at)}
  </time>
)

const INSTANT = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)/

/** What the API says in words, with the moments in it. */
export const WithMoments = ({ text }: { text: string }) => (
  <>{text.split(INSTANT).map((part) => (INSTANT.test(part) ? <Moment at={part} /> : part))}</>
)
