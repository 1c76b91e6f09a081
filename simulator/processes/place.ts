/**
 * Where the processes of a fleet run and at which addresses they find each other. The fleet asks; what is behind it is
 * this machine's loopback, or a network namespace for each process.
 */
export type Places = {
  readonly serviceCenter: Place & {
    /** HOST:PORT of the page and the API, as the Service Center listens and as the fleet asks it. */
    readonly http: string
    /** The multiaddr at which appliances dial it, where that is another. */
    readonly announce?: string
  }
  readonly of: (appliance: string) => Place
}

export type Place = {
  /** Comes before the command, such as `ip netns exec NAME`. */
  readonly enter: readonly string[]
  /** The multiaddr to listen on. */
  readonly listen: string
}

const ANYWHERE: Place = { enter: [], listen: '/ip4/127.0.0.1/tcp/0' }

export const LOOPBACK: Places = { serviceCenter: { ...ANYWHERE, http: '127.0.0.1:0' }, of: () => ANYWHERE }
