import { dialogAt } from './dialog.js';
import { h } from './dom.js';
import { t } from './i18n.js';
import { roving } from './roving.js';
import { load, save } from './store.js';

const COLUMNS = 8;
const USUAL = ['👍', '❤️', '😂', '🎉', '👀', '🙏', '✅', '🔥'];
const ALL = ('😀 😄 😅 🤣 🙂 😉 😊 😍 😘 😋 😎 🤩 🤔 🤨 😐 🙄 😏 😬 😴 😷 🤯 🥳 🥺 😢 😭 😤 😡 🤝 👋 🤚 👌 🤞 👎 👏 🙌 💪 '
  + '🧠 👑 💯 💥 💤 💡 ⭐ ✨ ⚡ ☀️ 🌈 🌱 🌸 🍀 🍎 🍕 🍰 ☕ 🍵 🍺 ⚽ 🎯 🎵 🎁 🚀 🚧 🏠 ⏰ 📌 📎 📈 🔒 🔧 🐛 🐱 🐶 ❌ ❓ ❗ ➕ ➖ 🔁 🆗 🏁').split(' ');

/**
 * A small board of emoji; the ones used last come first.
 * @param {HTMLElement} near
 * @param {(emoji: string) => void} onChoose
 */
export function emojiPicker(near, onChoose) {
  const recent = (load('emoji') ?? []).filter((one) => typeof one === 'string').slice(0, COLUMNS);
  const first = [...new Set([...recent, ...USUAL])].slice(0, COLUMNS);
  const board = h('div', { class: 'emoji-board', role: 'group', 'aria-label': t('emoji.title') },
    [...first, ...ALL.filter((one) => !first.includes(one))].map((emoji) => h('button', {
      class: 'emoji', type: 'button', tabindex: -1, 'data-test': 'emoji',
      onclick: () => {
        save('emoji', [...new Set([emoji, ...recent])].slice(0, COLUMNS));
        element.close();
        onChoose(emoji);
      },
    }, emoji)));
  const element = dialogAt(near, t('emoji.title'), 'emojis', board);
  roving(board, '.emoji', { columns: COLUMNS })();
  board.querySelector('.emoji').focus();
}
