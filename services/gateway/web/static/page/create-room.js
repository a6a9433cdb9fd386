import { dialog } from './dialog.js';
import { fill, h } from './dom.js';
import { t } from './i18n.js';
import { reasonOf } from './toast.js';

const KINDS = ['PUBLIC', 'PRIVATE', 'BROADCAST'];

/**
 * A room by its name, and who may see it.
 * @param {import('/natter.js').Chat} chat
 * @param {{name?: string, onOpen: (room: string) => void}} options
 */
export function createRoom(chat, { name = '', onOpen }) {
  const nameField = h('input', { class: 'field', id: 'create-name', name: 'name', required: true, maxlength: 80, autocomplete: 'off', autofocus: true, dir: 'auto', value: name, 'data-test': 'create-name' });
  const topicField = h('input', { class: 'field', id: 'create-topic', name: 'topic', maxlength: 250, autocomplete: 'off', dir: 'auto', 'aria-describedby': 'create-topic-hint' });
  const about = h('p', { class: 'hint' }, t('create.PUBLIC'));
  let chosen = 'PUBLIC';
  const problem = h('p', { class: 'problem', role: 'alert' });
  const submit = h('button', { class: 'primary', type: 'submit', 'data-test': 'create-submit' }, t('create.submit'));
  const form = h('form', { class: 'form', onsubmit: create },
    h('label', { for: 'create-name' }, t('create.name')), nameField,
    h('fieldset', { class: 'choice kinds' }, h('legend', {}, t('create.kind')), h('div', { class: 'options' }, KINDS.map((kind) => h('label', {},
      h('input', { type: 'radio', name: 'kind', value: kind, checked: kind === 'PUBLIC', 'data-test': `kind-${kind}`, onchange: () => { chosen = kind; fill(about, t(`create.${kind}`)); } }), h('span', {}, t(`kind.${kind}`)))))),
    about,
    h('label', { for: 'create-topic' }, t('create.topic')), topicField,
    h('p', { class: 'hint', id: 'create-topic-hint' }, t('create.topicHint')),
    problem,
    h('div', { class: 'buttons' }, h('button', { type: 'button', onclick: () => element.close() }, t('dialog.cancel')), submit));
  const element = dialog(t('create.title'), 'create', form);

  async function create(event) {
    event.preventDefault();
    const title = nameField.value.trim();
    if (!title) return;
    submit.disabled = true;
    try {
      const room = await chat.createRoom({ name: title, topic: topicField.value.trim(), kind: chosen });
      element.close();
      onOpen(room.id);
    } catch (error) {
      submit.disabled = false;
      fill(problem, t('create.failed', { reason: reasonOf(error) }));
    }
  }
}
