/**
 * Makes an element. Strings become text nodes; nothing is ever parsed as HTML.
 * @param {string} tag
 * @param {Record<string, any>} [attributes] `on…` functions are listeners; false, null and undefined are left out
 * @param {...(Node|string|number|null|undefined|false|any[])} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  element.append(...nodes(children));
  return element;
}

/** Replaces what is in an element. */
export function fill(element, ...children) {
  element.replaceChildren(...nodes(children));
  return element;
}

function nodes(children) {
  return children.flat(Infinity).filter((child) => child || child === 0).map((child) => (child instanceof Node ? child : String(child)));
}

/** A name, kept from changing the direction of what stands beside it. */
export function bdi(text, attributes = {}) {
  return h('bdi', attributes, text);
}

/** Gathers the functions that undo a component. */
export function scope() {
  const undo = [];
  const add = (...fns) => { undo.push(...fns); };
  add.listen = (target, name, listener, options) => {
    target.addEventListener(name, listener, options);
    undo.push(() => target.removeEventListener(name, listener, options));
  };
  add.every = (ms, fn) => {
    const timer = setInterval(fn, ms);
    undo.push(() => clearInterval(timer));
  };
  add.end = () => { for (const fn of undo.splice(0)) fn(); };
  return add;
}

/** Where a dialog or a toast belongs: the page, or the shadow tree that an element lives in. @param {Node} near @returns {HTMLElement} */
export function stageOf(near) {
  const root = near?.getRootNode();
  return root instanceof ShadowRoot ? root.querySelector('.stage') ?? document.body : document.body;
}

/** What has the focus, as seen from where an element lives. @param {Node} near @returns {Element|null} */
export function focusedNear(near) {
  const root = near.getRootNode();
  return root instanceof ShadowRoot ? root.activeElement : document.activeElement;
}
