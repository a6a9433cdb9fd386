/**
 * Full jitter: anywhere between nothing and a bound that doubles, so that clients dropped together come back apart.
 * @param {number} attempt 0 for the first try after a loss
 */
export function backoff(attempt, random = Math.random, base = 500, cap = 30_000) {
  return Math.round(random() * Math.min(cap, base * 2 ** attempt));
}

/** True if a client may come back by itself after this close code. */
export function comesBack(code) {
  return !(code >= 4400 && code <= 4499);
}

/** @param {number} ms @returns {Promise<void>} */
export function sleep(ms) {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}
