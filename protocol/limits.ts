/**
 * Every bound of the wire and of what is accepted, with its unit in its name and its reason above it.
 */
const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

/** A whole operating-system update fits; the list of its piece hashes is then 256 KiB. */
export const MAX_PATCH_BYTES = 32 * GiB

/** An upload of which less comes in a minute has stopped: a mobile line at its worst gives more. */
export const LEAST_UPLOAD_BYTES_A_MINUTE = 30_000

/** Small enough that a bad piece wastes little, large enough that hashing and framing cost nothing next to copying. */
export const MIN_PIECE_BYTES = 256 * KiB
export const MAX_PIECE_BYTES = 4 * MiB
/** A relay hands on whole pieces, so a patch of many pieces reaches a secondary almost when it reaches the primary. */
export const WANTED_PIECES_AT_MOST = 256

/** What patches never take of a disk: the database, or the ledger, beside them must be able to go on. */
export const RESERVED_DISK_BYTES = 16 * MiB

/** A manifest is read whole into memory, at the Service Center and on each appliance. */
export const MAX_MANIFEST_BYTES = 64 * KiB

/** One control message: the largest is a roster of a Data Center with a thousand appliances. */
export const MAX_CONTROL_MESSAGE_BYTES = 1 * MiB
/** One message of the pieces protocol: the largest has the piece hashes of the largest patch. */
export const MAX_PIECES_MESSAGE_BYTES = 320 * KiB
/** The bytes of a piece go in frames of this size: with its headers each fills four messages of Noise, of 64 KiB at most. */
export const PIECE_FRAME_BYTES = 262_000
/** One enrollment message, the only kind that a peer which is not yet a member can send. */
export const MAX_ENROLLMENT_MESSAGE_BYTES = 4 * KiB

/** Bytes a puller may have asked one source for and not yet received: what one connection holds of our buffers. */
export const MAX_REQUESTED_BYTES = 8 * MiB
/** Received pieces that may wait for the disk before no more are asked for: a slow disk costs no more memory than that. */
export const MAX_UNSTORED_BYTES = 8 * MiB
/** Requests a source keeps in line for one reader; more is a reader that does not keep to `MAX_REQUESTED_BYTES`. */
export const MAX_QUEUED_REQUESTS = 64
/** Lanes of one reader at one source; each is a connection, and costs its buffers. */
export const MAX_LANES = 32
/** Peers that one appliance pulls from: its depot, the Service Center and the neighbours. */
export const MAX_SOURCES = 32
/** Patches one reader may follow on one stream at a time; the others that it lacks take their turns. */
export const MAX_WANTED_PATCHES = 64

/**
 * Letters that a depot keeps for appliances and for the Service Center while they cannot be reached; then the oldest
 * goes. A new patch and an order for each member of the largest Data Center are under half of it.
 */
export const MAX_STORED_LETTERS = 10_000
/**
 * Letters of its own that an appliance keeps until they are acknowledged: 500 patches with a receipt, a detection and the
 * ten reports of an install are 6,000. Then the oldest goes that is no receipt, since a receipt is signed once only.
 */
export const MAX_OWN_LETTERS = 10_000
/** Patches that go before another one in the same interruption of each pair. */
export const MAX_PATCHES_AT_ONCE = 16
/** Orders in line on one appliance: one for each of 500 patches, twice. The next one is refused. */
export const MAX_QUEUED_ORDERS = 1_000
/**
 * How its orders ended, as an appliance keeps it for the member of its group whose order comes after; then the oldest goes.
 * A group is at one install at a time, so the newest is asked for.
 */
export const MAX_KEPT_OUTCOMES = 32
/** Of members that wait for the end of an order here; the oldest is forgotten, and asks again. */
export const MAX_WAITING_MEMBERS = 32
/** Cancellations that came before the order that they are for; then the oldest goes. */
export const MAX_KEPT_CANCELLATIONS = 32
/** Withdrawals that an appliance remembers; then the oldest goes, of which it is told again if it learns of that patch anew. */
export const MAX_KEPT_WITHDRAWALS = 4_096
/** What a failed installer printed, cut to its last part so that the reason at the end stays. */
export const MAX_REPORTED_OUTPUT_BYTES = 8 * KiB
/** The last lines of an agent's log, for a person who looks for what went wrong. */
export const MAX_LOG_BYTES = 256 * KiB
/** A question after an appliance, and its answer: a signed account with a log, and what CBOR and DSSE put around it. */
export const MAX_INQUIRY_BYTES = 1 * KiB
export const MAX_INQUIRY_ANSWER_BYTES = MAX_LOG_BYTES + 4 * KiB
/** A sentence for a person inside a message. */
export const MAX_SENTENCE_CHARACTERS = 1_000
/** Appliances that one roster names: those of a Data Center, and the depots of its neighbours. */
export const MAX_ROSTER_MEMBERS = 2_000
/** Of one Data Center, with those that open tokens are for: the rest of a roster is room for the neighbours' depots. */
export const MAX_DATA_CENTER_APPLIANCES = 1_900
/** Addresses one appliance announces. */
export const MAX_ADDRESSES = 8
/** The longest silence of a connection that may be set. */
export const MAX_SILENCE_MS = 3_600_000
/** Of an appliance that was started again and again without being heard; the oldest is forgotten. */
export const MAX_COUNTER_GAPS = 8
/** Patches an appliance says it knows when it greets; more are live at once nowhere, since the next one is refused. */
export const MAX_KNOWN_PATCHES = 4_096
/** A signature by each of a handful of keys; more is somebody making us verify. */
export const MAX_SIGNATURES = 8
/** Keys of one publisher, those that were revoked included, and the names of patches that it may sign. */
export const MAX_PUBLISHER_KEYS = 16
export const MAX_PUBLISHER_PATCHES = 100
/** A policy or an authorization with its signatures, read whole by every appliance. */
export const MAX_DOCUMENT_BYTES = 64 * KiB
/** Who signs policies: a handful of people. */
export const MAX_POLICY_OWNERS = 8
/** Of one policy, so that it is read whole. */
export const MAX_APPROVERS = 100
export const MAX_ORGANIZATIONS_OF_POLICY = 200
export const MAX_FLOORS = 200
/** Policies that a Service Center keeps: an appliance that was away is told those that it missed, one after the other. */
export const MAX_POLICIES = 1_000
/** Appliances of one authorization, which comes with each order: larger places have several. */
export const MAX_AUTHORIZED_APPLIANCES = 100
/** An authorization that an appliance acts on was asked for at most so long before it ends. */
export const MAX_AUTHORIZATION_MS = 30 * 24 * 3600 * 1000
/** Names of patches of which an appliance remembers the newest install that it took; then the oldest goes. */
export const MAX_TAKEN_INSTALLS = 4_096
/** Maintenance windows and blackouts together: each is looked at for each place. */
export const MAX_WINDOWS = 500
/** Each is looked at once a minute, and with each page that lists them. */
export const MAX_BASELINES = 500
/** Publishers that are listed: each signature is compared with the keys of all. */
export const MAX_PUBLISHERS = 100

/** Control streams are pinged every 10 seconds: one on which nothing was heard for so long is dead. A setting of both daemons. */
export const SILENCE_MS = 30_000
