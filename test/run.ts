/**
 * The test runner behind `npm test`: every `*.test.ts` of the project on node:test, a process per file, then one line that counts them all.
 *
 *   npm test                        everything
 *   npm test -- server/mime lmtp    only files whose path contains one of the words
 *
 * A run that executed nothing has failed. Skipped tests are listed with their reason.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { run } from 'node:test';

const root = path.resolve(import.meta.dirname, '..');
const words = process.argv.slice(2).filter((word) => !word.startsWith('-'));

/** Longest-running suites first, so that the run does not end on one of them alone. */
const heavyFirst = ['test/e2e/', 'test/failure/', 'test/clients/', 'test/gui/', 'test/'];

function weight(file: string): number {
  const at = heavyFirst.findIndex((prefix) => file.startsWith(prefix));
  return at === -1 ? heavyFirst.length : at;
}

const files = globSync(['{app,server,resources,test}/**/*.test.ts'], { cwd: root, exclude: (name) => name === 'node_modules' })
  .map((file) => file.split(path.sep).join('/'))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort((a, b) => weight(a) - weight(b) || a.localeCompare(b));

let passed = 0;
let failed = 0;
let skipped = 0;
const failures: string[] = [];
const skips: string[] = [];

function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Server binaries first: tests run in parallel processes and one visible download is better than many waiting ones. */
const prepare = path.join(root, 'test/harness/prepare.ts');
if (existsSync(prepare) && files.length > 0) {
  const ready = spawnSync(process.execPath, [prepare], { stdio: 'inherit', cwd: root });
  if (ready.status !== 0) process.exit(ready.status ?? 1);
}

const started = Date.now();
const perFile = new Map<string, { passed: number; failed: number; ms: number }>();

await new Promise<void>((resolve) => {
  if (files.length === 0) {
    resolve();
    return;
  }
  const stream = run({
    files: files.map((file) => path.join(root, file)),
    cwd: root,
    concurrency: Math.max(2, Math.min(4, availableParallelism())),
    timeout: 600_000,
  });
  stream.on('test:pass', (event) => {
    if (event.details.type === 'suite' || isFileWrapper(event)) return;
    if (event.skip !== undefined || event.todo !== undefined) {
      skipped += 1;
      skips.push(`${shortName(event.file)}: ${event.name} (${String(event.skip ?? event.todo)})`);
      return;
    }
    passed += 1;
    count(event.file, 'passed', event.details.duration_ms);
  });
  stream.on('test:fail', (event) => {
    if (event.details.type === 'suite') return;
    const error = event.details.error;
    const cause =
      error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : String(error.cause ?? error.message);
    if (isFileWrapper(event) && /subtest/.test(error.message)) return;
    failed += 1;
    count(event.file, 'failed', event.details.duration_ms);
    failures.push(`${shortName(event.file)}: ${event.name}\n    ${cause.split('\n').slice(0, 25).join('\n    ')}`);
    tell(`✖ ${shortName(event.file)}: ${event.name}`);
  });
  stream.on('test:stderr', (event) => process.stderr.write(event.message));
  stream.on('end', () => resolve());
  stream.resume();
});

for (const [file, result] of [...perFile].sort(([a], [b]) => a.localeCompare(b))) {
  tell(
    `${result.failed > 0 ? '✖' : '✔'} ${file}: ${result.passed} passed${result.failed > 0 ? `, ${result.failed} failed` : ''} (${Math.round(result.ms)} ms)`,
  );
}

if (words.length === 0 || words.includes('ui')) runVitest();

if (skips.length > 0) tell(`\nSkipped:\n  ${skips.join('\n  ')}`);
if (failures.length > 0) tell(`\nFailures:\n\n${failures.join('\n\n')}`);
if (passed + failed === 0) tell('No test ran.');
tell(`\n${Math.round((Date.now() - started) / 1000)} s`);
tell(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);

function isFileWrapper(event: { name: string; file?: string | undefined; nesting: number }): boolean {
  return event.nesting === 0 && (event.name === event.file || event.name.endsWith('.test.ts'));
}

function shortName(file: string | undefined): string {
  return file === undefined ? '?' : path.relative(root, file).split(path.sep).join('/');
}

function count(file: string | undefined, what: 'passed' | 'failed', ms: number): void {
  const key = shortName(file);
  const entry = perFile.get(key) ?? { passed: 0, failed: 0, ms: 0 };
  entry[what] += 1;
  entry.ms += ms;
  perFile.set(key, entry);
}

/** The GUI's component tests run on vitest; its JSON report is folded into the same count. */
function runVitest(): void {
  if (globSync('ui/**/*.test.{ts,tsx}', { cwd: root }).length === 0) return;
  const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
  const reportFile = path.join(mkdtempSync(path.join(tmpdir(), 'mallard-vitest-')), 'report.json');
  const result = spawnSync(process.execPath, [vitest, 'run', '--reporter=json', `--outputFile=${reportFile}`], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  try {
    const report = JSON.parse(readFileSync(reportFile, 'utf8')) as {
      numPassedTests: number;
      numFailedTests: number;
      testResults: { name: string; message: string }[];
    };
    passed += report.numPassedTests;
    failed += report.numFailedTests;
    tell(`${report.numFailedTests > 0 ? '✖' : '✔'} ui: ${report.numPassedTests} passed`);
    for (const suite of report.testResults) if (suite.message) failures.push(`${suite.name}\n    ${suite.message}`);
  } catch {
    failed += 1;
    failures.push(`ui: vitest gave no report\n    ${result.stdout.slice(-2000)}${result.stderr.slice(-2000)}`);
  }
}
