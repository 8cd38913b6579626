/** Node's exit code for a program that waits while nothing is left that could go on. */
export const UNSETTLED = 13;
