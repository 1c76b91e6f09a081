/**
 * A script that uses the API with a token.
 */
export type Refused = { error: { code: string; message: string; hint: string; requestId: string } }
/** What the answer is taken for; without a type it is a refusal. */
export type Ask = <Json = Refused>(
  method: string,
  address: string,
  body?: unknown,
  type?: string,
) => Promise<{ status: number; json: Json }>

/** A text or bytes are sent as they are, anything else as JSON. */
export function asking(url: string, token: string): Ask {
  return async <Json>(method: string, address: string, body?: unknown, type = 'application/json') => {
    const isText = typeof body === 'string' || body instanceof Uint8Array
    const answer = await fetch(`${url}/api/v1${address}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'Content-Type': type }) },
      ...(body === undefined ? {} : { body: isText ? (body as BodyInit) : JSON.stringify(body) }),
    })
    return { status: answer.status, json: (await answer.json()) as Json }
  }
}
