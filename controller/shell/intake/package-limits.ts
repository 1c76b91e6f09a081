/**
 * Every bound on a Debian package beside the size of the file, each with its unit in its name and its reason above it.
 * The operator's guide lists them with their numbers.
 */
import { MAX_PATCH_BYTES } from '../../../protocol/limits.ts'

const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

/** Two numbers and a line feed; other lines are for readers of other programs. */
export const MAX_FORMAT_BYTES = 4 * KiB
/** The checksums of as many files as are accepted, in names of usual length. */
export const MAX_CONTROL_UNPACKED_BYTES = 64 * MiB
/** It is read whole. */
export const MAX_CONTROL_FILE_BYTES = 256 * KiB

/** A manifest can ask for no more room than this. */
export const MAX_UNPACKED_BYTES = 8 * MAX_PATCH_BYTES
/** What takes a minute or two to unpack, however little it is packed. */
export const ANY_RATIO_UP_TO_BYTES = 16 * GiB
/** Beyond it: real packages stay below 20, and what exceeds this is made to keep a processor busy. */
export const MAX_RATIO = 200

/** The paths are held in memory. The sources of a kernel are 80,000 entries. */
export const MAX_ENTRIES = 500_000
export const MAX_NAMES_BYTES = 64 * MiB
/** Each entry is looked up with each folder above it. */
export const MAX_DEPTH = 100
/** NAME_MAX of Linux, less the `.dpkg-new` that dpkg writes behind it at first. */
export const MAX_NAME_BYTES = 255 - '.dpkg-new'.length
/** PATH_MAX of Linux with its NUL, less the slash before and the `.dpkg-new` behind it. */
export const MAX_PATH_BYTES = 4096 - 2 - '.dpkg-new'.length
/** PATH_MAX, less its NUL. */
export const MAX_LINK_TARGET_BYTES = 4095
/** A header of names, which is read whole: a path or two. */
export const MAX_NAMES_HEADER_BYTES = 64 * KiB

/** A decoder for xz and lzma takes this much memory; the largest preset of xz needs 64 MiB. */
export const MAX_DICTIONARY_BYTES = 192 * MiB
