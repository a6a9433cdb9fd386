import en from './en.js';
import zhCN from './zh-CN.js';

const DICTIONARIES = { en, 'zh-CN': zhCN };
const stored = storedLanguage();

/** @type {string} */
export const language = stored ?? (navigator.languages.some((l) => l.startsWith('zh')) && !navigator.language.startsWith('en') ? 'zh-CN' : 'en');

/** What dates and numbers follow: the reader's region, if it is of the page's language. */
export const locale = navigator.languages.find((l) => l.split('-')[0] === language.split('-')[0]) ?? language;

const words = DICTIONARIES[language];
const plural = new Intl.PluralRules(language);
const number = new Intl.NumberFormat(locale);

document.documentElement.lang = language;

/**
 * A text by what it means. `{name}` is replaced by `values.name`; `values.count` chooses among plural forms.
 * @param {string} key
 * @param {Record<string, string|number>} [values]
 */
export function t(key, values = {}) {
  return parts(key, values).map(([text, name]) => (name ? show(values[name]) : text)).join('');
}

/**
 * The same with nodes as values, for names that need an element of their own.
 * @returns {(string|Node)[]}
 */
export function tNodes(key, values = {}) {
  return parts(key, values).map(([text, name]) => (name ? (values[name] instanceof Node ? values[name] : show(values[name])) : text));
}

function parts(key, values) {
  let text = words[key] ?? en[key] ?? key;
  if (typeof text === 'object') text = text[plural.select(values.count)] ?? text.other;
  return text.split(/\{(\w+)\}/).map((part, i) => (i % 2 ? ['', part] : [part, '']));
}

function show(value) {
  return typeof value === 'number' ? number.format(value) : String(value ?? '');
}

function storedLanguage() {
  try {
    const value = localStorage.getItem('natter.language');
    return value in DICTIONARIES ? value : undefined;
  } catch {
    return undefined;
  }
}
