/** What a check of `mallard doctor` says. */
export interface Finding {
  /** What was looked at: `port 143 (imap)`, `disk`. */
  readonly name: string;
  /** `fail`: Mallard will not work, or not safely. `warn`: it works, with a drawback. */
  readonly state: 'ok' | 'warn' | 'fail';
  readonly message: string;
  /** What to do; present unless ok. */
  readonly remedy?: string;
}

export const ok = (name: string, message: string): Finding => ({ name, state: 'ok', message });
export const warn = (name: string, message: string, remedy: string): Finding => ({ name, state: 'warn', message, remedy });
export const fail = (name: string, message: string, remedy: string): Finding => ({ name, state: 'fail', message, remedy });
