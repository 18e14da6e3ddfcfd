/** Several checks as one: all run at the same time, their header fields are joined in order, and the hardest verdict counts. One that fails is left out. */
import type { Logger } from '../../base/log.ts';
import type { CheckResult, IncomingChecks } from '../hooks.ts';

const HARDNESS: readonly CheckResult['verdict'][] = ['accept', 'quarantine', 'defer', 'reject'];

export function combineChecks(checks: readonly IncomingChecks[], log: Logger): IncomingChecks {
  return {
    check: async (raw, facts) => {
      const results = await Promise.all(
        checks.map((one) =>
          one.check(raw, facts).catch((error: unknown): CheckResult => {
            log.error('a check failed', { error });
            return { header: '', verdict: 'accept' };
          }),
        ),
      );
      const hardest = results.reduce<CheckResult | undefined>(
        (worst, result) =>
          worst === undefined || HARDNESS.indexOf(result.verdict) > HARDNESS.indexOf(worst.verdict) ? result : worst,
        undefined,
      );
      const forged = results.some((result) => result.forged === true);
      return {
        ...hardest,
        ...(forged ? { forged } : {}),
        header: results.map(({ header }) => header).join(''),
        verdict: hardest?.verdict ?? 'accept',
      };
    },
  };
}
