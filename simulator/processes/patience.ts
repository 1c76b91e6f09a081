/**
 * How long whoever runs a fleet of processes waits for what must happen before it says that it did not: a laptop needs a
 * second, two cores beside four busy processes half a minute. It ends what hangs, and says nothing of how fast things are.
 */
export const PATIENCE_MS = 240_000
