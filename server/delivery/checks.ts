/**
 * What is known about mail from the world: SPF (RFC 7208), DKIM (6376), ARC (8617) and DMARC (7489), by mailauth, with the result as a field (RFC 8601) and,
 * where the author's domain asks for it, as a verdict. Fields of ours that the sender put in are taken out by `strip` before.
 */
import { isIP } from 'node:net';
import { authenticate, type AuthenticateResult } from 'mailauth';
import type { Logger } from '../base/log.ts';
import type { Config } from '../config/schema.ts';
import type { CheckFacts, CheckResult, IncomingChecks } from './hooks.ts';
import { createNetworks } from './networks.ts';
import { reverseName } from './spam/dnsbl.ts';

/** As `node:dns` has it. */
export type CheckResolver = (name: string, type: string) => Promise<string[] | string[][]>;

export type CheckParts = {
  readonly config: Config;
  readonly resolve: CheckResolver;
  readonly log: Logger;
};

export type Checked = CheckResult & {
  /** For the trace: `spf=pass`, … */
  readonly results: Readonly<Record<'spf' | 'dkim' | 'dmarc' | 'arc' | 'iprev', string>>;
};

export type Checks = IncomingChecks & { readonly check: (raw: Buffer, facts: CheckFacts) => Promise<Checked> };

/** DNS of strangers must not hold a session for long. */
const CHECK_MS = 20_000;
const MAX_REVERSE_NAMES = 3;
/** RFC 8601 §5: fields in our name that we did not write are lies. */
const FORGED = /^authentication-results[ \t]*:/i;

export function createChecks({ config, resolve, log }: CheckParts): Checks {
  const { checks } = config.smtp;
  const exempt = createNetworks(checks.exempt);
  const unchecked: Checked = {
    header: '',
    verdict: 'accept',
    results: { spf: 'none', dkim: 'none', dmarc: 'none', arc: 'none', iprev: 'none' },
  };

  return {
    check: async (raw, facts) => {
      if (!checks.enabled || exempt(facts.ip)) return unchecked;
      const [result, iprev] = await Promise.all([
        within(
          CHECK_MS,
          authenticate(raw, {
            ip: facts.ip,
            helo: facts.hello,
            mta: config.hostname,
            ...(facts.from === '' ? {} : { sender: facts.from }),
            disableBimi: true,
            resolver: (name, type) => resolve(name, type),
          }),
        ),
        within(CHECK_MS, reverseOf(facts.ip, resolve)).catch(() => ({ result: 'temperror', name: '' })),
      ]);
      const results = {
        spf: result.spf === false ? 'none' : result.spf.status.result,
        dkim: dkimOf(result),
        dmarc: result.dmarc === false ? 'none' : result.dmarc.status.result,
        arc: result.arc === false ? 'none' : result.arc.status.result,
        iprev: iprev.result,
      };
      const verdict = verdictOf(result, config);
      if (verdict.verdict !== 'accept')
        log.info('mail fails the policy of its author’s domain', { ip: facts.ip, from: facts.from, ...results });
      return { header: withIprev(oneFieldEach(result.headers), iprev, facts.ip), results, ...verdict };
    },
  };
}

type Reverse = { readonly result: string; readonly name: string };

/** RFC 8601 §2.7.3: the address has a name in DNS, and that name has the address. */
async function reverseOf(ip: string, resolve: CheckResolver): Promise<Reverse> {
  const isV6 = isIP(ip) === 6;
  const answers = async (name: string, type: string): Promise<readonly string[]> => {
    try {
      return (await resolve(name, type)).flat();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOTFOUND' || code === 'ENODATA') return [];
      throw error;
    }
  };
  const names = await answers(`${reverseName(ip)}.${isV6 ? 'ip6' : 'in-addr'}.arpa`, 'PTR');
  if (names.length === 0) return { result: 'permerror', name: '' };
  const wanted = createNetworks([ip]);
  for (const name of names.slice(0, MAX_REVERSE_NAMES)) {
    if ((await answers(name, isV6 ? 'AAAA' : 'A')).some(wanted)) return { result: 'pass', name: name.toLowerCase() };
  }
  return { result: 'fail', name: (names[0] ?? '').toLowerCase() };
}

/** As the first result of our field. */
function withIprev(header: string, { result, name }: Reverse, ip: string): string {
  const comment = /^[a-z0-9._-]{1,255}$/.test(name) ? ` (${name})` : '';
  return header.replace(
    /^(Authentication-Results:[ \t]*[^;\r\n]+;)/im,
    (head) => `${head}\r\n iprev=${result}${comment} policy.iprev=${ip};`,
  );
}

function dkimOf({ dkim }: AuthenticateResult): string {
  const all = dkim.results.map(({ status }) => status.result);
  return all.includes('pass') ? 'pass' : (all[0] ?? 'none');
}

function verdictOf(
  { dmarc, arc }: AuthenticateResult,
  { smtp: { checks } }: Config,
): Pick<CheckResult, 'verdict' | 'text' | 'forged'> {
  if (dmarc === false || dmarc.status.result !== 'fail') return { verdict: 'accept' };
  // A forwarder that we trust saw it pass: what it changed is not the author's fault (RFC 8617 §7.2.1).
  if (arc !== false && arc.status.result === 'pass') {
    const sealer = arc.signature === false ? '' : (arc.signature?.signingDomain ?? '');
    if (checks.trustedSealers.includes(sealer.toLowerCase())) return { verdict: 'accept' };
  }
  const domain = dmarc.status.header?.from ?? dmarc.domain;
  const policy = checks.dmarcByDomain[domain.toLowerCase()] ?? checks.dmarcByDomain[dmarc.domain] ?? checks.dmarc;
  if (policy === 'ignore' || dmarc.policy === 'none') return { verdict: 'accept', forged: true };
  if (dmarc.policy === 'reject' && policy === 'enforce') {
    return { verdict: 'reject', forged: true, text: `The policy of ${domain} (DMARC) does not allow this message from here` };
  }
  return { verdict: 'quarantine', forged: true };
}

/** mailauth ends each field with CRLF, and the block as well. */
function oneFieldEach(headers: string): string {
  const text = headers.replace(/(\r\n)+$/, '');
  return text === '' ? '' : `${text}\r\n`;
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('the checks took too long')), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The message without Authentication-Results fields that claim to be ours. */
export function strip(raw: Buffer, hostname: string): Buffer {
  const pieces: Buffer[] = [];
  let kept = 0;
  for (let at = 0; at < raw.length; ) {
    let end = raw.indexOf(10, at) + 1 || raw.length;
    if (end - at <= 2 && /^\r?\n?$/.test(raw.toString('latin1', at, end))) break;
    while (raw[end] === 32 || raw[end] === 9) end = raw.indexOf(10, end) + 1 || raw.length;
    if (end - at < 65_536) {
      const field = raw.toString('latin1', at, end);
      if (
        FORGED.test(field) &&
        field
          .slice(field.indexOf(':') + 1)
          .trim()
          .toLowerCase()
          .startsWith(hostname.toLowerCase())
      ) {
        pieces.push(raw.subarray(kept, at));
        kept = end;
      }
    }
    at = end;
  }
  if (kept === 0) return raw;
  pieces.push(raw.subarray(kept));
  return Buffer.concat(pieces);
}
