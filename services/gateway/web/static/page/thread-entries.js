const PAGE = 50;

/** The messages of a thread, kept as the room goes on. */
export class ThreadEntries {
  /** @type {import('/natter.js').Message|undefined} what the thread hangs from */ first;
  /** @type {import('/natter.js').Message[]} rising by seq */ list = [];
  hasBefore = false;

  #room;
  #root;
  #ends;

  /** @param {import('/natter.js').Room} room @param {number} root @param {() => void} changed */
  constructor(room, root, changed) {
    this.#room = room;
    this.#root = root;
    const take = (message) => {
      if (message?.seq === root) this.first = message;
      else if (message?.thread === root) this.#put(message);
      else return;
      changed();
    };
    this.#ends = [
      room.on('message', take),
      // An own message is there with its ack, before the event.
      room.on('change', () => { for (const entry of room.entries.slice(-PAGE)) if (entry.thread === root && !this.#has(entry.seq)) take(entry); }),
      room.on('changed', ({ seq }) => {
        if (seq !== root && !this.#has(seq)) return;
        const here = room.entry(seq);
        if (here) take(here);
        else room.message(seq).then(take, () => {}); // loaded anew when the connection is back
      }),
    ];
  }

  /** Loads what the thread hangs from, and its latest answers. */
  async load() {
    const [first, page] = await Promise.all([this.#room.entry(this.#root) ?? this.#room.message(this.#root), this.#room.thread(this.#root, { limit: PAGE })]);
    this.first = first;
    this.hasBefore = page.hasBefore;
    for (const message of page.messages) this.#put({ reactions: [], ...message, type: 'message' });
  }

  /** Loads earlier answers. */
  async more() {
    const page = await this.#room.thread(this.#root, { limit: PAGE, before: this.list[0]?.seq });
    this.hasBefore = page.hasBefore;
    for (const message of page.messages) this.#put({ reactions: [], ...message, type: 'message' });
    this.#room._emitSoon('change');
  }

  message(seq) { return seq === this.#root ? this.first : this.list.find((message) => message.seq === seq); }

  end() { for (const end of this.#ends) end(); }

  #has(seq) { return this.list.some((message) => message.seq === seq); }

  #put(message) {
    if (message.seq === this.#root) return;
    this.list = [...this.list.filter(({ seq }) => seq !== message.seq), message].sort((a, b) => a.seq - b.seq);
  }
}
