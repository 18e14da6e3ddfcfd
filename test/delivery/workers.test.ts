/** Limits per destination hold for all workers together. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { envelopeFrom } from '../harness/envelopes.ts';
import { openMailBed, type MailBed } from '../harness/mail-bed.ts';
import { waitFor } from '../harness/wait-for.ts';

/** Takes mail, but says so only when it is let. */
const slow = { now: 0, most: 0, taken: 0, open: false, waiting: [] as (() => void)[] };
const server = createServer((socket: Socket) => {
  let text = '';
  let inData = false;
  socket.on('error', () => {});
  socket.write('220 slow.test ESMTP\r\n');
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
    for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 2);
      if (!inData) {
        inData = line === 'DATA';
        socket.write(inData ? '354 go\r\n' : line === 'QUIT' ? '221 bye\r\n' : '250 slow.test\r\n');
        if (inData) {
          slow.now += 1;
          slow.most = Math.max(slow.most, slow.now);
        }
      } else if (line === '.') {
        inData = false;
        const answer = (): void => {
          slow.now -= 1;
          slow.taken += 1;
          socket.write('250 taken\r\n');
        };
        if (slow.open) answer();
        else slow.waiting.push(answer);
      }
    }
  });
});
const beds: MailBed[] = [];

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  for (let worker = 0; worker < 2; worker += 1) {
    const bed = await openMailBed({ config: { outbound: { port, maxPerDestination: 3, pollMs: 100 } } });
    bed.mx['slow.test'] = ['mx.slow.test'];
    bed.hosts['mx.slow.test'] = ['127.0.0.1'];
    beds.push(bed);
  }
});
after(async () => {
  for (const bed of beds) await bed.close();
  server.close();
});

test('two workers send no more to one destination at a time than one may', async () => {
  const [one, two] = beds;
  assert.ok(one !== undefined && two !== undefined);
  const total = 12;
  for (let count = 0; count < total; count += 1)
    await one.outgoing.dispatch.sendTo(
      envelopeFrom('me@mail.test', { transactionId: `w${count}` }),
      [`r${count}@slow.test`],
      Buffer.from('Subject: x\r\n\r\nx\r\n'),
      { now: new Date(one.clock.ms - 60_000) },
    );
  for (const bed of beds) bed.runner().wake();
  await waitFor(() => slow.waiting.length >= 3, { what: 'three messages at a time' });
  // Another look of both workers: a fourth would begin now.
  for (let look = 0; look < 5; look += 1)
    for (const bed of beds) {
      bed.clock.ms += 1_000;
      bed.runner().wake();
      await bed.store.ping();
    }
  assert.equal(slow.most, 3);
  slow.open = true;
  for (const answer of slow.waiting.splice(0)) answer();
  await waitFor(
    () => {
      for (const bed of beds) {
        bed.clock.ms += 500;
        bed.runner().wake();
      }
      return slow.taken === total;
    },
    { what: 'all messages', timeoutMs: 20_000 },
  );
  assert.ok(slow.most <= 4, `${slow.most} at a time`);
});
