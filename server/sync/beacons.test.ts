import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { startRedis } from '../../test/harness/servers.ts';
import { waitFor } from '../../test/harness/wait-for.ts';
import { silentLogger } from '../base/log.ts';
import type { MailboxId, Modseq, UserId } from '../mail/ids.ts';
import { type Beacon, type Beacons, createRedisBeacons } from './beacons.ts';

const ANN = 'a'.repeat(24) as UserId;
const BOB = 'b'.repeat(24) as UserId;
const beacon = (user: UserId, modseq: number): Beacon => ({
  kind: 'mailbox',
  user,
  mailbox: 'c'.repeat(24) as MailboxId,
  modseq: modseq as Modseq,
});

describe('beacons', () => {
  const open: Beacons[] = [];
  const connect = (uri: string, prefix = 'test'): Beacons => {
    const beacons = createRedisBeacons(uri, prefix, silentLogger);
    open.push(beacons);
    return beacons;
  };
  after(async () => {
    for (const beacons of open) await beacons.close();
  });

  it('reach the listeners of a user, here once and in other workers, and nobody else', async () => {
    const redis = await startRedis();
    const [one, two, foreign] = [connect(redis.uri), connect(redis.uri), connect(redis.uri, 'other')];
    const heard: string[] = [];
    one.subscribe(ANN, () => heard.push('one'));
    const stop = two.subscribe(ANN, () => heard.push('two'));
    two.subscribe(BOB, () => heard.push('bob'));
    foreign.subscribe(ANN, () => heard.push('foreign'));
    await waitFor(() => one.connected() && two.connected() && foreign.connected());
    await waitFor(() => {
      one.publish(beacon(ANN, 1));
      return heard.includes('two');
    });
    assert.ok(!heard.includes('bob') && !heard.includes('foreign'));
    stop();
    heard.length = 0;
    two.publish(beacon(ANN, 2));
    await waitFor(() => heard.includes('one'));
    assert.deepEqual(heard, ['one'], 'who has left hears nothing');
    await redis.stop();
  });

  it('say from when on nothing of a user goes unheard', async () => {
    const redis = await startRedis();
    const [one, two] = [connect(redis.uri), connect(redis.uri)];
    let missed = 0;
    one.onReconnect(() => (missed += 1));
    one.subscribe(BOB, () => {});
    await waitFor(() => one.connected() && two.connected() && missed > 0, { what: 'the first connection to be told as well' });
    for (let round = 1; round <= 50; round += 1) {
      let heard = 0;
      const stop = one.subscribe(
        ANN,
        () => (heard += 1),
        () => two.publish(beacon(ANN, round)),
      );
      await waitFor(() => heard === 1, { intervalMs: 1, what: `the beacon of round ${round}` });
      stop();
    }
    await redis.stop();
  });

  it('know whether there is anybody else, and say when something may have been missed', async () => {
    const redis = await startRedis();
    const first = connect(redis.uri);
    assert.equal(first.alone(), false, 'nobody has had the time to answer');
    await waitFor(() => first.alone());
    let missed = 0;
    first.onReconnect(() => (missed += 1));
    const second = connect(redis.uri);
    await waitFor(() => missed === 1 && !first.alone());
    assert.equal(second.alone(), false);

    await redis.kill('SIGKILL');
    await waitFor(() => !first.connected());
    await redis.start();
    await waitFor(() => first.connected() && missed >= 2);
    const heard: Beacon[] = [];
    first.subscribe(BOB, (one) => heard.push(one));
    await waitFor(() => {
      second.publish(beacon(BOB, 3));
      return heard.length > 0;
    });
    await redis.stop();
  });
});
