import { h } from './dom.js';

/** A hue that stays the same for a user, wherever they are seen. */
export function hueOf(user) {
  let hash = 2166136261;
  for (let i = 0; i < user.length; i++) hash = Math.imul(hash ^ user.charCodeAt(i), 16777619);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d); // ids that differ in one letter should not look alike
  return ((hash ^ (hash >>> 13)) >>> 0) % 360;
}

/** Up to two letters; one for a script that has no capitals. */
export function initials(name) {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const letters = words.map((word) => [...word].find((c) => /[\p{L}\p{N}]/u.test(c)) ?? [...word][0]);
  const two = words.length > 1 && /\p{Lu}|\p{Ll}/u.test(letters[0]) ? letters[0] + letters.at(-1) : letters[0];
  return (two ?? '?').toLocaleUpperCase();
}

/** Initials on the user's colour. It says nothing that the name beside it does not say, so it is hidden from readers. */
export function avatar(user, name, size = '') {
  const element = h('span', { class: `avatar ${size}`, 'aria-hidden': 'true' }, initials(name || user));
  element.style.setProperty('--hue', hueOf(user));
  return element;
}
