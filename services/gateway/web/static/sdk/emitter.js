export class Emitter {
  #listeners = new Map();

  /**
   * Calls `listener` at each `name`; the returned function ends it.
   * @param {string} name
   * @param {(detail: any) => void} listener
   * @returns {() => void}
   */
  on(name, listener) {
    if (!this.#listeners.has(name)) this.#listeners.set(name, new Set());
    this.#listeners.get(name).add(listener);
    return () => this.#listeners.get(name)?.delete(listener);
  }

  /** @package */
  _emit(name, detail) {
    for (const listener of [...(this.#listeners.get(name) ?? [])]) {
      try {
        listener(detail);
      } catch (error) {
        queueMicrotask(() => { throw error; }); // a listener's fault is reported, and stops nobody else
      }
    }
  }

  #told = new Set();

  /** @package One call for many changes of one turn. */
  _emitSoon(name) {
    if (this.#told.has(name)) return;
    this.#told.add(name);
    queueMicrotask(() => {
      this.#told.delete(name);
      this._emit(name);
    });
  }
}
