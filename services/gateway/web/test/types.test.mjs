import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

test('the SDK holds to the types that it documents', () => {
  const tsc = here('node_modules/typescript/bin/tsc');
  assert.ok(existsSync(tsc), 'TypeScript is missing: run npm ci in services/gateway/web/test');
  const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', here('tsconfig.json')], { encoding: 'utf8' });
  assert.equal(stdout, '');
  assert.equal(status, 0);
});
