/**
 * The styles, as a constructed sheet: no host's policy against inline styles stands in its way. It is loaded before the
 * element is defined, so that nothing is ever seen without it.
 * @param {URL} home
 * @returns {Promise<CSSStyleSheet>}
 */
export async function sheet(home) {
  const response = await fetch(new URL('element/natter-room.css', home));
  if (!response.ok) throw new Error(`natter-room: its styles could not be loaded: ${response.status}`);
  return new CSSStyleSheet().replace(await response.text());
}
