/** The routes of signing in and of what guards it. */
import type { accessRoutes } from '../contract-access.ts';
import { ControlFault } from '../fault.ts';
import type { Handlers } from '../handlers.ts';
import type { Sessions } from '../sessions.ts';
import type { AdminAccess } from './access.ts';

const done = { done: true } as const;
const signedIn = { signedIn: true } as const;

export function makeAccessHandlers(sessions: Sessions, access: AdminAccess): Pick<Handlers, keyof typeof accessRoutes> {
  return {
    session: ({ source, session, hasToken }) => ({ signedIn: hasToken || session !== undefined, ...access.info(source) }),
    signIn: ({ body, source, setCookie }) => {
      setCookie(access.signInByLink(body.link, source));
      return signedIn;
    },
    signOut: ({ source, setCookie }) => {
      setCookie(sessions.signOut(source.cookies, source));
      return done;
    },
    signInByPassword: async ({ body, source, setCookie }) => {
      const cookie = await access.signInByPassword(body.password, body.code, source);
      if (cookie !== undefined) setCookie(cookie);
      return { signedIn: cookie !== undefined, needsCode: cookie === undefined };
    },
    askPasskey: async ({ source }) => ({ options: await access.askPasskey(source) }),
    signInByPasskey: async ({ body, source, setCookie }) => {
      setCookie(await access.signInByPasskey(body.response, source));
      return signedIn;
    },
    recover: async ({ body, source, setCookie }) => {
      setCookie(await access.recover(body.key, body.password, source));
      return signedIn;
    },
    access: ({ source, session }) => access.describe(source, session),
    changePassword: async ({ body, source, session }) => {
      await access.changePassword(body.current, body.password, source, session);
      return done;
    },
    resetPassword: async ({ body, source }) => {
      await access.resetPassword(body.password, body.keepSecondFactor, source);
      return done;
    },
    beginTotp: ({ body, source }) => access.beginTotp(body.current, source),
    confirmTotp: async ({ body, source }) => ({ recoveryCodes: await access.confirmTotp(body.code, source) }),
    turnOffTotp: async ({ body, source }) => {
      await access.turnOffTotp(body.current, source);
      return done;
    },
    makeRecoveryCodes: async ({ body, source }) => ({ recoveryCodes: await access.makeRecoveryCodes(body.current, source) }),
    makeRecoveryKey: async ({ body, source }) => ({ key: await access.makeRecoveryKey(body.current, source) }),
    askPasskeyRegistration: async ({ body, source }) => ({ options: await access.askPasskeyRegistration(body.current, source) }),
    addPasskey: async ({ body, source }) => {
      await access.addPasskey(body.name, body.response, source);
      return done;
    },
    removePasskey: ({ name, source }) => {
      access.removePasskey(name, source);
      return done;
    },
    endSession: ({ name, source }) => {
      access.endSession(name, source);
      return done;
    },
    endOtherSessions: ({ session }) => {
      if (session === undefined) throw new ControlFault(400, 'BadRequest', 'This call has no session of its own.');
      sessions.endOthers(session.id);
      return done;
    },
  };
}
