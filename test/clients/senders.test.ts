/** Programs that send mail: nodemailer, Python's smtplib, swaks, curl and msmtp submit and deliver; what they send arrives, and Sent has each once. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createTransport } from 'nodemailer';
import { selfSigned } from '../harness/self-signed.ts';
import { sharedServers, tempDir } from '../harness/servers.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type TestUser, type TestWorker, closeStores, createUser, startWorker, storeOf } from '../harness/worker.ts';
import { missingTool, mustRun, runTool } from './tool.ts';

let worker: TestWorker;
let folder: string;
let certificate: { readonly cert: string; readonly key: string };

before(async () => {
  folder = tempDir('senders');
  certificate = await selfSigned('mail.example.test', 'localhost');
  worker = await startWorker({
    ...(await sharedServers()),
    services: ['smtp', 'submission', 'submissions', 'pop3', 'lmtp'],
    config: { tls: certificate, outbound: { pollMs: 200 } },
  });
});
after(async () => {
  await worker.stop();
  await closeStores();
});

/** The raw messages of a mailbox, once there are that many. */
async function arrived(user: TestUser, mailbox: string, count: number): Promise<Buffer[]> {
  const { operations } = await storeOf(worker);
  const id = user.id as Parameters<typeof operations.mailboxes.findByPath>[0];
  const info = await waitFor(
    async () => {
      const found = await operations.mailboxes.findByPath(id, mailbox);
      return found !== undefined && found.counts.messages >= count ? found : undefined;
    },
    { timeoutMs: 60_000, what: `${count} messages in ${mailbox}` },
  );
  const { view, release } = await operations.views.open(id, info.id);
  const raws: Buffer[] = [];
  for (let index = 0; index < view.count; index += 1) {
    const meta = await operations.reads.metadataOf(id, info.id, view.uidAt(index));
    if (meta === undefined) continue;
    const content = await operations.contents.open(meta.content);
    raws.push(await content.readAll(0, content.sizeBytes));
  }
  release();
  assert.equal(raws.length, count);
  return raws;
}

describe('nodemailer', () => {
  it('submits over implicit TLS and STARTTLS; the copy in Sent is one, whatever is repeated', async () => {
    const user = await createUser(worker);
    const other = await createUser(worker);
    const attachment = randomBytes(300_000);
    const message = {
      from: `Me <${user.username}>`,
      to: other.username,
      bcc: user.username,
      subject: 'Grüße',
      text: '.\n..\nhello',
      messageId: '<one@example.test>',
      attachments: [{ filename: 'a.bin', content: attachment }],
    };
    for (const service of ['submissions', 'submission'] as const) {
      const transport = createTransport({
        host: '127.0.0.1',
        port: worker.port(service),
        secure: service === 'submissions',
        requireTLS: true,
        tls: { ca: certificate.cert, servername: 'localhost' },
        auth: { user: user.username, pass: user.password },
      });
      const info = await transport.sendMail(message);
      assert.match(info.response, /^250 2\.0\.0 Queued/);
      transport.close();
    }
    const [sent] = await arrived(user, 'Sent', 1);
    assert.doesNotMatch(sent?.toString() ?? '', /^Bcc:/im);
    const received = await arrived(other, 'INBOX', 2);
    await arrived(user, 'INBOX', 2);
    for (const raw of received) {
      const text = raw.toString();
      assert.match(text, /^Return-Path: <.*>\r\n/);
      assert.match(text, /\r\n\.\r\n\.\.\r\nhello/);
      assert.doesNotMatch(text, /^Bcc:/im);
      const encoded = /name=a\.bin\r\n[^]*?\r\n\r\n([^]*?)\r\n--/.exec(text)?.[1] ?? '';
      assert.ok(Buffer.from(encoded, 'base64').equals(attachment));
    }
  });

  it('a stolen name is no use: mail in other names is refused', async () => {
    const user = await createUser(worker);
    const transport = createTransport({
      host: '127.0.0.1',
      port: worker.port('submission'),
      tls: { rejectUnauthorized: false },
      auth: { user: user.username, pass: user.password },
    });
    await assert.rejects(transport.sendMail({ from: 'boss@example.test', to: user.username, text: 'x' }), /550 5\.7\.1/);
    transport.close();
  });
});

const python = missingTool({ name: 'python3', debianPackage: 'python3-minimal' }) ?? false;
it('smtplib submits, and delivers to an address beyond ASCII', { skip: python }, async () => {
  const user = await createUser(worker);
  const unicode = await createUser(worker, 'андрис@уайлддак.орг');
  const script = path.join(import.meta.dirname, 'smtplib-submit.py');
  const ports = [String(worker.port('submission')), String(worker.port('smtp'))];
  const out = await mustRun('python3', [script, ...ports, user.username, user.password]);
  assert.deepEqual(JSON.parse(out.toString()), { refused: {}, relayed: false });
  const [own] = await arrived(user, 'INBOX', 1);
  assert.ok(own?.toString().endsWith('\r\n\r\n.dot\r\n..two\r\n'));
  const [foreign] = await arrived(unicode, 'INBOX', 1);
  assert.match(foreign?.toString() ?? '', /with UTF8SMTP id [^]*Subject: привет\r\n\r\nтело\r\n$/);
});

const swaks = missingTool({ name: 'swaks', debianPackage: 'swaks' }) ?? false;
it('swaks: ESMTP, LMTP, TLS, both AUTH mechanisms, pipelining', { skip: swaks }, async () => {
  const user = await createUser(worker);
  const base = ['--server', '127.0.0.1', '--to', user.username, '--from', user.username, '--header', 'Subject: by swaks'];
  const login = ['--auth-user', user.username, '--auth-password', user.password];
  const runs = [
    ['--port', String(worker.port('smtp'))],
    ['--port', String(worker.port('smtp')), '--tls', '--pipeline'],
    ['--port', String(worker.port('lmtp')), '--protocol', 'LMTP'],
    ['--port', String(worker.port('submission')), '--auth', 'PLAIN', ...login],
    ['--port', String(worker.port('submission')), '--tls', '--auth', 'LOGIN', ...login],
    ['--port', String(worker.port('submissions')), '--tls-on-connect', '--auth', 'PLAIN', ...login],
  ];
  for (const args of runs) await mustRun('swaks', [...base, ...args]);
  assert.equal((await arrived(user, 'INBOX', runs.length)).length, runs.length);
  const wrong = [
    '--port',
    String(worker.port('submission')),
    '--auth',
    'PLAIN',
    '--auth-user',
    user.username,
    '--auth-password',
    'no',
  ];
  const refused = await runTool('swaks', [...base, ...wrong]);
  assert.match(refused.out.toString(), /535 5\.7\.8/);
  assert.notEqual(refused.code, 0);
});

const curl = missingTool({ name: 'curl', debianPackage: 'curl' }) ?? false;
it('curl submits, and fetches by POP3', { skip: curl }, async () => {
  const user = await createUser(worker);
  const login = ['--user', `${user.username}:${user.password}`, '--insecure', '--silent', '--show-error'];
  const submit = [
    '--url',
    `smtp://127.0.0.1:${worker.port('submission')}`,
    '--ssl-reqd',
    '--mail-from',
    user.username,
    '--mail-rcpt',
    user.username,
  ];
  const message = 'Subject: by curl\r\n\r\n.line\r\n';
  await mustRun('curl', [...login, ...submit, '--upload-file', '-'], { input: message });
  await arrived(user, 'INBOX', 1);
  const fetched = await mustRun('curl', [...login, '--ssl-reqd', `pop3://127.0.0.1:${worker.port('pop3')}/1`]);
  assert.ok(fetched.toString().endsWith('Subject: by curl\r\n\r\n.line\r\n'));
  const listed = await mustRun('curl', [...login, `pop3://127.0.0.1:${worker.port('pop3')}/`]);
  assert.equal(listed.toString().trim(), `1 ${fetched.length}`);
});

const msmtp = missingTool({ name: 'msmtp', debianPackage: 'msmtp' }) ?? false;
it('msmtp submits with STARTTLS and a login, its password shown or not', { skip: msmtp }, async () => {
  const user = await createUser(worker);
  const file = path.join(folder, 'msmtprc');
  const mechanisms = ['plain', 'login', 'scram-sha-1', 'scram-sha-256'];
  for (const mechanism of mechanisms) {
    writeFileSync(
      file,
      `account default\nhost 127.0.0.1\nport ${worker.port('submission')}\nfrom ${user.username}\nauth ${mechanism}\nuser ${user.username}\npassword "${user.password}"\ntls on\ntls_certcheck off\n`,
    );
    chmodSync(file, 0o600);
    await mustRun('msmtp', ['-C', file, user.username], { input: 'Subject: by msmtp\n\nhello\n' });
  }
  const [raw] = await arrived(user, 'INBOX', mechanisms.length);
  assert.match(raw?.toString() ?? '', /Subject: by msmtp\r\n/);
});

const mutt =
  missingTool({ name: 'mutt', debianPackage: 'mutt' }) ?? missingTool({ name: 'script', debianPackage: 'bsdutils' }) ?? false;
it('mutt sends by STARTTLS, and reads and deletes by POP3', { skip: mutt }, async () => {
  const user = await createUser(worker);
  const rc = path.join(folder, 'muttrc');
  const certificates = path.join(folder, 'mutt-certificates');
  const saved = path.join(folder, 'mutt-saved');
  writeFileSync(certificates, certificate.cert);
  writeFileSync(saved, '');
  const at = encodeURIComponent(user.username);
  writeFileSync(
    rc,
    [
      `set from="${user.username}" use_from=yes envelope_from=yes`,
      `set smtp_url="smtp://${at}@localhost:${worker.port('submission')}" smtp_pass="${user.password}"`,
      `set pop_user="${user.username}" pop_pass="${user.password}"`,
      // GNU SASL in mutt takes the -PLUS form where it is offered, and then has no channel binding to give.
      'set smtp_authenticators="scram-sha-256" pop_authenticators="scram-sha-256"',
      'set ssl_starttls=yes ssl_force_tls=yes',
      `set certificate_file="${certificates}"`,
      // Else it asks whether to make one, and takes our keys for the answer.
      `set folder="${folder}" spoolfile="${folder}"`,
      'set copy=no record="" confirmcreate=no confirmappend=no quit=yes delete=yes move=no wait_key=no mark_old=no pop_delete=yes prompt_after=no',
      `set pager="tee ${saved} <"`,
    ].join('\n'),
  );
  const run = ['-n', '-F', rc];
  await mustRun('mutt', [...run, '-s', 'by mutt', user.username], { input: 'hello from mutt\n' });
  const [sent] = await arrived(user, 'INBOX', 1);
  assert.match(sent?.toString() ?? '', /Subject: by mutt\r\n/);

  const keys = `push '<display-message><delete-message><quit>'`;
  const command = `mutt -n -F ${rc} -f pop://${at}@localhost:${worker.port('pop3')}/ -e "${keys}"`;
  const screen = await runTool('script', ['-qfec', command, '/dev/null'], { timeoutMs: 30_000, env: { TERM: 'vt100' } });
  assert.match(readFileSync(saved, 'utf8'), /hello from mutt/, screen.out.toString().slice(-2_000));
  await arrived(user, 'INBOX', 0);
  await arrived(user, 'Trash', 1);
});
