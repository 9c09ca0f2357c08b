/** What asked for something and lost the line before it was answered to the end. */
const CAUSES: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

/** Which error says best that no whole answer came: after a line that was lost nobody knows what was done. */
export const unanswered = (cause: string): 'EXECUTOR_CUT_OFF' | 'EXECUTOR_UNREACHABLE' =>
  CAUSES.has(cause) ? 'EXECUTOR_CUT_OFF' : 'EXECUTOR_UNREACHABLE';
