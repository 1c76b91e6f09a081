/**
 * The other end of the socket: asks the agent that runs on a data folder. That none runs is an answer; one that runs and
 * does not answer is a failure with a sentence.
 */
import { createConnection, type Socket } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { pEvent, TimeoutError } from 'p-event'
import { isLocked } from '../data-folder-lock.ts'
import { VisitAnswer, type VisitRequest } from './requests.ts'
import { socketPath } from './socket-path.ts'

const ANSWER_WITHIN_MS = 10_000
const NOBODY_LISTENS = new Set(['ENOENT', 'ECONNREFUSED'])

/** Null where no agent runs. Throws an `Error` whose message is a sentence. */
export async function askAgent(folder: string, request: VisitRequest): Promise<VisitAnswer | null> {
  return visitAgent(folder, async (socket) => {
    socket.write(`${JSON.stringify(request)}\n`)
    return readAnswer(await within(socket))
  })
}

/** Null where no agent runs. Throws an `Error` whose message is a sentence. */
export async function visitAgent<Result>(
  folder: string,
  visit: (socket: Socket) => Promise<Result>,
): Promise<Result | null> {
  const { path, close } = socketPath(folder)
  const socket = createConnection(path)
  try {
    await pEvent(socket, 'connect', { timeout: ANSWER_WITHIN_MS })
  } catch (error) {
    socket.destroy()
    const { code } = error as NodeJS.ErrnoException
    if (code !== undefined && NOBODY_LISTENS.has(code)) {
      if (!isLocked(folder)) return null
      throw new Error(`an agent runs on ${folder} and cannot be asked yet: it is starting, or its log says why`)
    }
    if (code === 'EACCES') {
      const message = `the agent on ${folder} may be asked by the user who runs it, and by root: run this as one of them`
      throw new Error(message, { cause: error })
    }
    throw error
  } finally {
    close()
  }
  try {
    return await visit(socket)
  } finally {
    socket.destroy()
  }
}

/** A socket that is destroyed in the middle ends the text with an error. */
async function within(socket: Socket): Promise<string> {
  const late = setTimeout(() => socket.destroy(new TimeoutError()), ANSWER_WITHIN_MS)
  try {
    return await textOf(socket)
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error
    const message = `the agent runs and has not answered within ${ANSWER_WITHIN_MS / 1000} seconds: see its log`
    throw new Error(message, { cause: error })
  } finally {
    clearTimeout(late)
  }
}

export function readAnswer(text: string): VisitAnswer {
  const answer = parseJson(text)
  if (answer.success) return answer.data
  throw new Error(
    'the agent that runs answers otherwise than this release does: restart it, so that both are the same',
    {
      cause: answer.error,
    },
  )
}

function parseJson(text: string) {
  try {
    return VisitAnswer.safeParse(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError) return { success: false as const, error }
    throw error
  }
}
