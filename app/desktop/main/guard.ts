/** Puts the fences (fences.ts) around every page that this app can ever show: navigation, new windows, permissions, and what is fetched. */
import { app, type Session, shell, type WebContents } from 'electron';
import { externalTarget, mayShow, mayUse, type Places } from './fences.ts';

/** Call it before the first window. @param places as they are at each moment */
export function guardContents(places: () => Places): void {
  app.on('web-contents-created', (_event, contents) => {
    const keepInside = (event: { preventDefault: () => void }, url: string): void => {
      if (mayShow(url, places())) return;
      event.preventDefault();
      openOutside(url, places());
    };
    contents.on('will-navigate', keepInside);
    contents.on('will-redirect', keepInside);
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(({ url }) => {
      openOutside(url, places());
      return { action: 'deny' };
    });
    reviveAfterCrash(contents);
  });
}

export function guardSession(session: Session, places: () => Places): void {
  session.setPermissionRequestHandler((contents, permission, answer, details) => {
    answer(details.isMainFrame && mayUse(permission, details.requestingUrl || contents.getURL(), places()));
  });
  session.setPermissionCheckHandler((_contents, permission, origin) => mayUse(permission, origin, places()));
  session.setDevicePermissionHandler(() => false);
  // The GUI's content security policy says the same. This also holds for whatever Chromium would fetch by itself.
  session.webRequest.onBeforeRequest((details, answer) => {
    const local = /^(data|blob|devtools|chrome-extension):/.test(details.url);
    answer({ cancel: !local && !mayShowOrLoad(details.url, places()) });
  });
}

function mayShowOrLoad(url: string, places: Places): boolean {
  if (mayShow(url, places)) return true;
  // Styles, scripts and pictures beside the app's own page.
  return places.ownPages.some((page) => url.startsWith(page.slice(0, page.lastIndexOf('/') + 1)) && !url.includes('..'));
}

function openOutside(url: string, places: Places): void {
  const target = externalTarget(url, places);
  if (target !== undefined) void shell.openExternal(target);
}

function reviveAfterCrash(contents: WebContents): void {
  contents.on('render-process-gone', (_event, { reason }) => {
    if (reason !== 'clean-exit' && !contents.isDestroyed()) setTimeout(() => contents.isDestroyed() || contents.reload(), 1000);
  });
}
