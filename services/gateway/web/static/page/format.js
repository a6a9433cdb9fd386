import { dayKey } from './day-key.js';
import { locale, t } from './i18n.js';

const clock = new Intl.DateTimeFormat(locale, { timeStyle: 'short' });
const weekday = new Intl.DateTimeFormat(locale, { weekday: 'long', month: 'long', day: 'numeric' });
const date = new Intl.DateTimeFormat(locale, { year: 'numeric', month: 'long', day: 'numeric' });
const shortDate = new Intl.DateTimeFormat(locale, { month: 'short', day: 'numeric' });
const whole = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short' });
const list = new Intl.ListFormat(locale, { type: 'conjunction' });

/** 14:05 */
export function time(at) { return clock.format(new Date(at)); }

/** 14:05 without the half of the day, for a narrow column. */
export function narrowTime(at) {
  return clock.formatToParts(new Date(at)).filter((part) => part.type !== 'dayPeriod').map((part) => part.value).join('').trim();
}

export function fullTime(at) { return whole.format(new Date(at)); }

/** Today, Yesterday, Monday 3 March, 3 March 2024 */
export function day(at, now = Date.now()) {
  if (dayKey(at) === dayKey(now)) return t('day.today');
  if (dayKey(at) === dayKey(now - 86_400_000)) return t('day.yesterday');
  const then = new Date(at);
  return (now - then.getTime() < 300 * 86_400_000 ? weekday : date).format(then);
}

/** For a list: the clock today, else the date. */
export function moment(at) {
  return dayKey(at) === dayKey(Date.now()) ? time(at) : shortDate.format(new Date(at));
}

/** A list of nodes or words in the language's own way: "a, b and c". */
export function listOf(items) {
  const marks = items.map((_, i) => `\u0000${i}\u0000`);
  return list.format(marks).split('\u0000').map((part, i) => (i % 2 ? items[Number(part)] : part));
}

/** At most `most` names, then how many others. */
export function names(people, toNode, most = 3) {
  if (people.length <= most) return listOf(people.map(toNode));
  const shown = people.slice(0, most - 1).map(toNode);
  return listOf([...shown, t('names.others', { count: people.length - shown.length })]);
}

/** Bytes of a text as the server counts them. */
export function bytes(text) { return new TextEncoder().encode(text).length; }

export function seconds(ms) { return Math.max(1, Math.ceil(ms / 1000)); }
