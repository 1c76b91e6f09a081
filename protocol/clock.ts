/**
 * The two clocks, which are never mixed: monotonic milliseconds measure how long something takes and carry deadlines;
 * wall milliseconds (since 1970, UTC) date things for people and for signed expiry. The cores see neither but in events.
 */
export type Clock = { readonly monotonicMs: number; readonly wallMs: number }
