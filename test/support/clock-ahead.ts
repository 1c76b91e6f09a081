/**
 * Loaded before a daemon (`NODE_OPTIONS=--import=…`), makes its process see a wall clock that is ahead by
 * `PATCHMESH_CLOCK_AHEAD_MS`, as on a machine whose clock was set wrong. What measures durations is left alone.
 */
const aheadMs = Number(process.env['PATCHMESH_CLOCK_AHEAD_MS'] ?? 0)
const { now } = Date
Date.now = () => now() + aheadMs
