/** The descriptors by which a parent and the process that it started speak. */

/** Requests and replies, as frames. */
export const CALLS = 3;
/** To the watchdog, where it is a thread of the process: one JSON record a line. Its end is the end of the parent. */
export const WATCH = 4;
/** From the watchdog: the limit that was passed, as one word. Native code may print to standard error, but not here. */
export const REASON = 5;
