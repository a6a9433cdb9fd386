import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import en from '../static/page/language/en.js';
import zhCN from '../static/page/language/zh-CN.js';
import { rowsOf } from '../static/page/rows.js';

const at = (path) => new URL(`../static/${path}`, import.meta.url);
const scripts = readdirSync(at('page')).filter((name) => name.endsWith('.js'));
const source = (name) => readFileSync(at(name), 'utf8');
const places = (text) => [...new Set(JSON.stringify(text).match(/\{\w+\}/g))].sort();

test('every language has every text, with the same places in it', () => {
  assert.deepEqual(Object.keys(zhCN).sort(), Object.keys(en).sort());
  for (const key of Object.keys(en)) assert.deepEqual(places(zhCN[key]), places(en[key]), key);
});

test('every text that is asked for is there', () => {
  for (const name of scripts) {
    for (const [, key] of source(`page/${name}`).matchAll(/\btN?o?d?e?s?\('([\w.]+)'/g)) assert.ok(key in en, `${name}: ${key}`);
  }
});

test('nothing is parsed as HTML, and the page needs nothing inline', () => {
  for (const name of scripts) assert.doesNotMatch(source(`page/${name}`), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|setAttribute\('style'|\beval\(/, name);
  const html = source('index.html');
  assert.doesNotMatch(html, /style=|\son\w+=|<style|javascript:/i);
  for (const [, attributes, body] of html.matchAll(/<script([^>]*)>([^]*?)<\/script>/g)) assert.ok(attributes.includes('src=') && !body.trim());
});

test('what the page links to is there', () => {
  for (const [, path] of source('index.html').matchAll(/(?:src|href)="\/([^"]+)"/g)) assert.ok(source(path), path);
});

const me = { id: 'u1', name: 'Ana' };
const message = (seq, user, minute) => ({ type: 'message', seq, user, name: user, time: new Date(2026, 0, 2, 12, minute).toISOString(), text: 'x', reactions: [] });
const rows = (entries, more = {}) => rowsOf({ entries, outgoing: [], me, newAfter: null, atStart: false, ...more });
const shape = (list) => list.map((row) => (row.kind === 'message' ? (row.head ? 'head' : 'line') : row.kind)).join(' ');

test('messages of one person within five minutes are one group', () => {
  assert.equal(shape(rows([message(1, 'a', 0), message(2, 'a', 4), message(3, 'a', 6), message(4, 'b', 6), message(5, 'a', 6)])), 'day head line head head head');
});

test('a day begins with a line', () => {
  assert.equal(shape(rows([message(1, 'a', 0), message(2, 'a', 24 * 60)])), 'day head day head');
});

test('New stands before the first unread message of somebody else', () => {
  assert.equal(shape(rows([message(1, 'a', 0), message(2, 'u1', 1), message(3, 'a', 2), message(4, 'a', 2)], { newAfter: 1 })), 'day head head new head line');
});

test('joins and leaves that follow each other are one line', () => {
  const notice = (seq, type) => ({ type, seq, user: `n${seq}`, by: `n${seq}`, time: message(0, 'a', 1).time, change: {} });
  const list = rows([message(1, 'a', 0), notice(2, 'joined'), notice(3, 'left'), notice(4, 'joined'), notice(5, 'updated'), message(6, 'a', 1)]);
  assert.equal(shape(list), 'day head notice notice head');
  assert.equal(list[2].notices.length, 3);
});

test('an own message keeps its line when it is stored', () => {
  const item = { clientMsgId: 'c', room: 'lobby', text: 'x', at: Date.now(), state: 'pending' };
  const before = rows([], { outgoing: [item] });
  const after = rows([{ ...message(1, 'u1', 0), clientMsgId: 'c' }]);
  assert.equal(before.at(-1).key, after.at(-1).key);
  assert.deepEqual([before.at(-1).state, after.at(-1).state], ['pending', 'acked']);
});
