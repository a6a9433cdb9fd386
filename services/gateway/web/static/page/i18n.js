import dictionaries from './languages.js'; // made by the server of the files in language/

export const languages = Object.keys(dictionaries);

/**
 * The reader's choice, else what the document is written in, else what the browser asks for.
 * @type {string}
 */
export const language = [stored(), document.documentElement.lang, ...navigator.languages].map(known).find(Boolean) ?? 'en';

/** What dates and numbers follow: the reader's region, if it is of the page's language. */
export const locale = navigator.languages.find((l) => l.split('-')[0] === language.split('-')[0]) ?? language;

const words = dictionaries[language];
const plural = new Intl.PluralRules(language);
const number = new Intl.NumberFormat(locale);

/** The dictionary for a tag such as `zh` or `en-GB`. */
function known(tag) {
  if (!tag) return undefined;
  const first = tag.toLowerCase().split('-')[0];
  return languages.find((l) => l.toLowerCase() === tag.toLowerCase()) ?? languages.find((l) => l.toLowerCase().split('-')[0] === first);
}

/** A language's name in itself. */
export function languageName(tag) {
  return new Intl.DisplayNames([tag], { type: 'language', languageDisplay: 'standard' }).of(tag.split('-')[0]);
}

/**
 * A text by what it means. `{name}` is replaced by `values.name`; `values.count` chooses among plural forms.
 * @param {string} key
 * @param {Record<string, any>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  return parts(key, values).map(([text, name]) => (name ? show(values[name]) : text)).join('');
}

/**
 * The same with nodes as values, for names that need an element of their own.
 * @param {string} key
 * @param {Record<string, any>} [values]
 * @returns {(string|Node)[]}
 */
export function tNodes(key, values = {}) {
  return parts(key, values).map(([text, name]) => (name ? (values[name] instanceof Node ? values[name] : show(values[name])) : text));
}

function parts(key, values) {
  let text = words[key] ?? key;
  if (typeof text === 'object') text = text[plural.select(values.count)] ?? text.other;
  return text.split(/\{(\w+)\}/).map((part, i) => (i % 2 ? ['', part] : [part, '']));
}

function show(value) {
  return typeof value === 'number' ? number.format(value) : String(value ?? '');
}

function stored() {
  try {
    return localStorage.getItem('natter.language');
  } catch {
    return null;
  }
}
