const FILES = ['page/tokens.css', 'page/base.css', 'page/layout.css', 'page/timeline.css', 'page/message.css', 'page/composer.css', 'page/people.css', 'page/announcement.css', 'page/dialog.css', 'page/welcome.css', 'element/room.css'];

/**
 * The styles, as constructed sheets: no host's policy against inline styles stands in their way. They are loaded before
 * the element is defined, so that nothing is ever seen without them.
 * @param {URL} home
 */
export function sheets(home) {
  return Promise.all(FILES.map(async (file) => {
    const sheet = new CSSStyleSheet();
    const response = await fetch(new URL(file, home));
    if (!response.ok) throw new Error(`natter-room: ${file} could not be loaded: ${response.status}`);
    sheet.replaceSync(await response.text());
    return sheet;
  }));
}
