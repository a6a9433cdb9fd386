/**
 * `<natter-room>`: a room on any page.
 *
 * @example
 * <script type="module" src="https://chat.example.com/natter-room.js"></script>
 * <natter-room room="support" token-url="/chat-token"></natter-room>
 *
 * Attributes: `room`; then one of `token`, `token-url` (of your site: answers with the token as text, or JSON with
 * `token`) and `guest` (asks for a name; or names the guest, `guest="Ana"`), else the property `getToken`; `server`,
 * if it is not where this script came from; `theme` (`light` or `dark`, else as the system has it); `no-header`.
 * Events: `natter-state`, `natter-message`, both with `detail`. Properties: `chat` and `room`, of the SDK.
 * Colours and type are custom properties of the element: see EMBED.md.
 * @module
 */
import { embedded } from './element/embedded.js';
import { sheet } from './element/sheet.js';
import { tokenSource } from './element/token-source.js';
import { lend } from './element/connections.js';
import { language } from './page/i18n.js';
import { h } from './page/dom.js';

const HOME = new URL('.', import.meta.url).origin;
const adopted = await sheet(new URL('.', import.meta.url));

export class NatterRoom extends HTMLElement {
  static observedAttributes = ['room', 'token', 'token-url', 'guest', 'server', 'no-header', 'theme'];

  /** @type {((why: {expired: boolean}) => string|Promise<string>)|undefined} asked for a token, where no attribute says how to get one */
  getToken;

  #stage = h('div', { class: 'stage', lang: language });
  #view = null;
  #lent = null;
  #due = false;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    root.adoptedStyleSheets = [adopted];
    root.append(this.#stage);
  }

  /** @returns {import('./natter.js').Chat|null} the connection, shared by all rooms of one token source on the page */
  get chat() { return this.#lent?.chat ?? null; }

  /** @returns {import('./natter.js').Room|null} */
  get room() { return this.#view?.room ?? null; }

  connectedCallback() { this.#soon(); }

  disconnectedCallback() { this.#soon(); }

  attributeChangedCallback(name, before, now) { if (before !== now && name !== 'theme') this.#soon(); }

  /** Moving an element, or setting two attributes, is one change. */
  #soon() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      this.#end();
      if (this.isConnected) this.#begin();
    });
  }

  #begin() {
    const server = new URL(this.getAttribute('server') ?? HOME, location.href).origin;
    const source = tokenSource(this, server);
    this.#view = embedded(this.#stage, {
      room: this.getAttribute('room') ?? '',
      header: !this.hasAttribute('no-header'),
      source,
      connect: () => {
        this.#lent = lend(server, source);
        const tell = (name, detail) => this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
        this.#lent.until(this.chat.on('state', (status) => tell('natter-state', status)));
        this.#lent.until(this.chat.on('message', (one) => { if (one.room.id === this.getAttribute('room')) tell('natter-message', one); }));
        return this.chat;
      },
    });
  }

  #end() {
    this.#view?.end();
    this.#view = null;
    this.#lent?.giveBack();
    this.#lent = null;
  }
}

if (!customElements.get('natter-room')) customElements.define('natter-room', NatterRoom);
