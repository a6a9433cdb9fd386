import { bdi } from './dom.js';
import { names } from './format.js';
import { t, tNodes } from './i18n.js';

/**
 * A quiet line for events that are no messages; joins and leaves that follow each other are one line.
 * @param {import('/natter.js').Notice[]} notices
 * @param {(user: string) => string} nameOf
 * @returns {(Node|string)[]}
 */
export function noticeNodes(notices, nameOf) {
  const first = notices[0];
  const name = (user) => bdi(nameOf(user), { class: 'who' });
  if (first.type !== 'joined' && first.type !== 'left') return single(first, name);
  const folded = [];
  for (const type of ['joined', 'left']) {
    const users = [...new Set(notices.filter((notice) => notice.type === type).map((notice) => notice.user))];
    if (users.length) folded.push(sentence(`notice.${type}`, 'names', names(users, name)));
  }
  return dotted(folded);
}

function dotted(sentences) {
  return sentences.flatMap((nodes, i) => (i ? [' · ', ...nodes] : nodes));
}

/** Puts a list of nodes where a text has one value. */
function sentence(key, value, nodes) {
  return tNodes(key, { [value]: '\u0001' }).flatMap((part) => (part === '\u0001' ? nodes : [part]));
}

function single(notice, name) {
  const { type, change } = notice;
  const people = { by: name(notice.by), name: name(notice.user) };
  switch (type) {
    case 'removed': return tNodes(change.banned ? 'notice.banned' : 'notice.removed', people);
    case 'roleSet': return tNodes('notice.roleSet', { ...people, role: t(`role.${change.role}`) });
    case 'updated': return dotted(updates(change).map(([key, values]) => tNodes(key, { by: name(notice.by), ...values })));
    default: return tNodes(`notice.${type}`, people);
  }
}

function updates({ name, topic, slowModeSeconds, archived }) {
  const said = [];
  if (name !== undefined) said.push(['notice.renamed', { value: bdi(name) }]);
  if (topic !== undefined) said.push(topic ? ['notice.topic', { value: bdi(topic) }] : ['notice.noTopic', {}]);
  if (slowModeSeconds !== undefined) said.push(slowModeSeconds ? ['notice.slow', { count: slowModeSeconds }] : ['notice.notSlow', {}]);
  if (archived !== undefined) said.push([archived ? 'notice.archived' : 'notice.unarchived', {}]);
  return said;
}
