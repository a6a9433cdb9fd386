/** An error answer of the server, or `DISCONNECTED`, `TIMEOUT`, `CLOSED` from here. */
export class NatterError extends Error {
  /**
   * @param {string} code one of the protocol's error codes
   * @param {string} [message]
   * @param {{field?: string, retryAfterMs?: number}} [more]
   */
  constructor(code, message = code, more = {}) {
    super(message);
    this.name = 'NatterError';
    this.code = code;
    this.field = more.field;
    this.retryAfterMs = more.retryAfterMs;
  }
}
