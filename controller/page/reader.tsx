/**
 * Who reads a page, for whatever shows itself only to some: the frame with its navigation, and buttons. It hides what
 * would be refused; what is refused is decided by the routes.
 */
import { type Child, createContext, useContext } from 'hono/jsx'
import { may, type Permission, type Standing } from '../core/permissions.ts'

export type Reader = Standing & {
  name: string
  /** Entered by a one-time link, and there is no account yet. */
  isFirst: boolean
}

/** Null where nobody is signed in. */
export const ReaderContext = createContext<Reader | null>(null)

export function readerMay(permission: Permission): boolean {
  const reader = useContext(ReaderContext)
  return reader !== null && may(reader, permission)
}

/** Shows its children to whoever may do this. */
export const IfMay = ({ do: permission, children }: { do: Permission; children?: Child }) => (
  <>{readerMay(permission) && children}</>
)
