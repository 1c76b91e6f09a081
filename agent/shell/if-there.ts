/**
 * What a file gives, where it is there: absence is an answer, and everything else that keeps a file from being read is
 * an `Error`.
 */
export async function ifThere<Found>(found: Promise<Found>): Promise<Found | null> {
  try {
    return await found
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
