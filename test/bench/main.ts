/**
 * `npm run bench`: Mallard beside Dovecot on the same machine, with the same client and the same messages.
 *
 *   npm run bench                        a tenth of full scale
 *   npm run bench -- --scale 1           5,000 messages, 780 MB
 *   npm run bench -- --only search,idle  some measures (after the delivery that all need)
 *   npm run bench -- --no-dovecot
 *   npm run bench -- --cpu-prof DIR      profiles the worker
 *
 * Prints a table and writes it as JSON into test/results/. Absolute numbers say something about the machine; the ratios say something about the servers.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { dovecotMissing, startDovecot } from './dovecot-target.ts';
import { startMallard } from './mallard-target.ts';
import type { Bed, Measured } from './measure.ts';
import { measureAppend, measureDelivery, measurePush } from './measure-arrival.ts';
import { measureChanges } from './measure-changes.ts';
import { measureLarge } from './measure-large.ts';
import { measureIdle, measureMixedLoad } from './measure-load.ts';
import { measureFirstSync, measurePop3, measureResync, measureSearch } from './measure-reading.ts';
import { type Mail, createMail } from './messages.ts';
import { cpuMs } from './processes.ts';
import { type Results, printTable } from './report.ts';
import type { Target } from './target.ts';

const FULL_COUNT = 5_000;

const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '0.1' },
    only: { type: 'string' },
    'no-dovecot': { type: 'boolean', default: false },
    'no-mallard': { type: 'boolean', default: false },
    'cpu-prof': { type: 'string' },
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '400' },
  },
});

const measures: Readonly<Record<string, (bed: Bed) => Promise<void>>> = {
  append: measureAppend,
  sync: measureFirstSync,
  resync: measureResync,
  push: measurePush,
  search: measureSearch,
  changes: measureChanges,
  pop3: measurePop3,
  mixed: (bed) => measureMixedLoad(bed, Number(values.seconds)),
  large: (bed) => measureLarge(bed, 200_000 * Number(values.scale)),
  idle: (bed) => measureIdle(bed, Number(values.connections)),
};
const chosen = values.only?.split(',') ?? Object.keys(measures);
const unknown = chosen.filter((name) => measures[name] === undefined && name !== 'delivery');
if (unknown.length > 0) {
  process.stderr.write(`unknown measure ${unknown.join(', ')}; there are: delivery, ${Object.keys(measures).join(', ')}\n`);
  process.exit(2);
}

async function run(target: Target, mail: Mail): Promise<Results> {
  const measured: Measured[] = [];
  const add: Bed['add'] = (name, value, unit, better) => {
    measured.push({ name, value, unit, better });
    process.stderr.write(`  ${target.name}: ${name}: ${value.toPrecision(4)} ${unit}\n`);
  };
  try {
    add('start of the mail server', target.startMs, 'ms', 'less');
    const bed: Bed = { target, mail, user: await target.createUser(), add };
    /** Processor time says more than the clock on a machine that has other things to do. */
    const withCpu = async (name: string, work: (bed: Bed) => Promise<void>): Promise<void> => {
      const used = (): { server: number; database: number } => ({
        server: cpuMs(target.serverPids()),
        database: cpuMs(target.databasePids()),
      });
      const before = used();
      await work(bed);
      // A restart in between begins the counting anew.
      if (name === 'idle' || name === 'large') return;
      const after = used();
      const database = after.database - before.database;
      add(`processor time of ${name}`, after.server - before.server + database, 'ms', 'less');
      if (database > 0) add(`… of it the databases`, database, 'ms', 'less');
    };
    await withCpu('delivery', measureDelivery);
    const disk = await target.diskBytes();
    add('disk ÷ sum of message sizes', disk / mail.totalBytes, '', 'less');
    for (const name of chosen) {
      try {
        const measure = measures[name];
        if (measure !== undefined) await withCpu(name, measure);
      } catch (error) {
        process.stderr.write(`  ${target.name}: ${name} failed: ${error instanceof Error ? error.message : String(error)}\n`);
        process.exitCode = 1;
      }
    }
    for (const [title, bytes] of target.memory()) add(`resident memory, ${title}`, bytes / 1_048_576, 'MB', 'less');
    return { name: target.name, version: target.version, measured };
  } finally {
    await target.close();
  }
}

const count = Math.max(20, Math.round(FULL_COUNT * Number(values.scale)));
const mail = createMail(count);
process.stderr.write(
  `${count} messages, ${Math.round(mail.totalBytes / 1e6)} MB, mean ${Math.round(mail.totalBytes / count / 1000)} KB\n`,
);

const results: Results[] = [];
if (!values['no-mallard']) {
  const profile = values['cpu-prof'];
  results.push(
    await run(
      await startMallard({ nodeArgs: profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', path.resolve(profile)] }),
      mail,
    ),
  );
}
if (!values['no-dovecot']) {
  const missing = dovecotMissing();
  if (missing === undefined) results.push(await run(await startDovecot(), mail));
  else process.stderr.write(`${missing}\n`);
}
process.stdout.write(printTable(results));
const folder = path.resolve(import.meta.dirname, '../results');
mkdirSync(folder, { recursive: true });
const file = path.join(folder, `bench-${new Date().toISOString().replace(/[:.]/g, '-')}.json`);
const machine = {
  cpus: os.cpus().length,
  model: os.cpus()[0]?.model,
  memoryBytes: os.totalmem(),
  node: process.version,
  platform: os.platform(),
};
writeFileSync(
  file,
  `${JSON.stringify({ machine, messages: count, bytes: mail.totalBytes, scale: Number(values.scale), results }, undefined, 2)}\n`,
);
process.stdout.write(`\n${path.relative(process.cwd(), file)}\n`);
