/** How a parent and the process that it started speak: descriptors, and a setting. */

/** Requests and replies, as frames. */
export const CALLS = 3;
/** To the watchdog, where it is a thread of the process: one JSON record a line. Its end is the end of the parent. */
export const WATCH = 4;
/** From the watchdog: the limit that was passed, as one word. Native code may print to standard error, but not here. */
export const REASON = 5;

/** The environment variable with the number of threads for each model; by default onnxruntime takes one a processor. */
export const THREADS = "NORMFOLD_THREADS";
