/** A stolen password: a thousand mails in one go, stopped by the defaults, and the administration hears of it once. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createLogger } from '../../server/base/log.ts';
import { createMailFlow } from '../../server/delivery/mail-flow.ts';
import type { HookEvent } from '../../server/operations/webhooks.ts';
import { openMailBed, type MailBed } from '../harness/mail-bed.ts';

let bed: MailBed;
before(async () => {
  bed = await openMailBed({ config: { outbound: { mode: 'paused' } } });
});
after(() => bed.close());

test('a thousand mails are stopped at the limit of the hour, and it is told', async () => {
  const events: HookEvent[] = [];
  const lines: string[] = [];
  const { store, config, delivery, outgoing } = bed;
  const flow = createMailFlow({
    config,
    operations: store.operations,
    expansion: outgoing.expansion,
    dispatch: outgoing.dispatch,
    lists: outgoing.lists,
    delivery,
    sentCopies: { save: async () => {}, close: () => {} },
    limits: { of: store.userLimits.of, usage: store.usage },
    emit: (event) => void events.push(event),
    log: createLogger('warn', {}, (line) => void lines.push(line)),
  });
  const user = await bed.addUser('ann@mail.test');
  const account = await store.operations.accounts.account(user);
  assert.ok(account);
  const replies = new Map<number, number>();
  for (let count = 0; count < 1_000; count += 1) {
    const { code, text } = await flow.submit(
      Buffer.from(`From: ann@mail.test\r\nTo: victim${count}@far.test\r\nSubject: Buy\r\n\r\nBuy\r\n`),
      {
        from: 'ann@mail.test',
        recipients: [{ address: `victim${count}@far.test`, target: { kind: 'remote' } }],
        body: '7BIT',
        smtpUtf8: false,
      },
      {
        transactionId: `s${count}`,
        receivedAtMs: bed.clock.ms,
        protocol: 'ESMTPSA',
        hello: 'thief.test',
        remoteAddress: '192.0.2.66',
        tls: undefined,
        account,
      },
      account,
    );
    replies.set(code, (replies.get(code) ?? 0) + 1);
    if (code !== 250) assert.match(text, /limit of 300 messages an hour/);
  }
  const taken = replies.get(250) ?? 0;
  // The hour may change in the middle, once.
  assert.ok(taken === 300 || taken === 600, `${taken} were taken`);
  assert.equal(replies.get(452), 1_000 - taken);
  const told = events.filter(({ type }) => type === 'limit.sending');
  assert.ok(told.length === 1 || taken === 600, `told ${told.length} times`);
  assert.deepEqual(
    [told[0]?.user, told[0]?.['username'], told[0]?.['limit'], told[0]?.['ip']],
    [user, 'ann@mail.test', 300, '192.0.2.66'],
  );
  assert.ok(lines.some((line) => line.includes('"event":"sending-limit"') && line.includes('ann@mail.test')));
});
