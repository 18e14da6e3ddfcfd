/**
 * How fast the queue empties into another server on this machine: `node test/bench/outgoing.ts [messages]`. Prints messages a second into the queue and out of
 * it. The receiving server runs in the same process, so this is the lower bound.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { envelopeFrom } from '../harness/envelopes.ts';
import { openMailBed } from '../harness/mail-bed.ts';
import { startSmtpSink } from '../harness/smtp-sink.ts';

const MESSAGES = Number(process.argv[2] ?? 2_000);
const DESTINATIONS = 10;
const WRITERS = 16;
const BODY = 'Some words that are to be read. '.repeat(80);

const sink = await startSmtpSink();
const bed = await openMailBed({ config: { outbound: { port: sink.port } } });
const { queue, dispatch } = bed.outgoing;
for (let index = 0; index < DESTINATIONS; index += 1) bed.mx[`d${index}.test`] = ['mx.test'];
bed.hosts['mx.test'] = ['127.0.0.1'];
await queue.setPaused({ since: new Date(), reason: 'bench' });
await bed.pass();

let next = 0;
const fill = async (): Promise<void> => {
  for (let number = next++; number < MESSAGES; number = next++) {
    const raw = Buffer.from(`From: a@mail.test\r\nSubject: ${number}\r\nMessage-ID: <${number}@mail.test>\r\n\r\n${BODY}\r\n`);
    await dispatch.sendTo(envelopeFrom('a@mail.test'), [`b@d${number % DESTINATIONS}.test`], raw, {
      now: new Date(bed.clock.ms),
    });
  }
};
const perSecond = (startedMs: number): string => `${Math.round(MESSAGES / ((performance.now() - startedMs) / 1000))}/s`;

let startedMs = performance.now();
await Promise.all(Array.from({ length: WRITERS }, fill));
process.stdout.write(`queued  ${perSecond(startedMs)}\n`);
await queue.setPaused(undefined);
startedMs = performance.now();
await bed.pass();
while (sink.messages.length < MESSAGES) await sleep(5);
process.stdout.write(`sent    ${perSecond(startedMs)} over ${sink.connections()} connections\n`);
await bed.close();
await sink.close();
process.exit(0);
