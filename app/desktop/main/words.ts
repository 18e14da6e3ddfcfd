/** Every text that the desktop app shows by itself, in both languages. The GUI has its own catalogue. */

const en = {
  open: 'Open Mallard',
  start: 'Start mail server',
  stop: 'Stop mail server',
  pause: 'Pause incoming mail',
  logs: 'Logs',
  dataFolder: 'Open data folder',
  closeWindow: 'Close window',
  stopAndQuit: 'Stop mail server and quit',
  quitOnly: 'Quit (the mail server keeps running)',
  file: 'File',
  edit: 'Edit',
  view: 'View',
  help: 'Help',
  about: 'About Mallard',
  cancel: 'Cancel',
  starting: 'Mallard is starting',
  startingStep: (step: number, steps: number) => `Mallard is starting (${step} of ${steps})`,
  running: 'Mail server is running',
  runningPaused: 'Running, incoming mail is paused',
  degraded: (services: string) => `Needs attention: ${services}`,
  stopping: 'Mail server is stopping',
  stopped: 'Mail server is stopped',
  failed: 'Mail server could not start',
  closeTitle: 'Mallard keeps running',
  closeText:
    'The window closes, and mail still comes in. You find Mallard in the tray; "Stop mail server and quit" there ends it.',
  closeNoTray:
    'This desktop shows no tray. Shall the mail server keep running without a window? Starting Mallard again shows it.',
  keepRunning: 'Keep running',
  understood: 'OK',
  quitTitle: 'Stop the mail server and quit?',
  quitNobody: 'No mail program is connected at the moment.',
  quitClients: (count: number, where: string) =>
    `${count === 1 ? 'One mail program is' : `${count} connections of mail programs are`} open, from ${where}. They lose the connection; no mail is lost.`,
  quitUnknown: 'Mail programs that are connected lose the connection; no mail is lost.',
  thisComputer: 'this computer',
  problemTitle: 'Mallard: a problem',
  problemGone: 'The mail server works again.',
  serviceFailed: (service: string, reason: string) => `${service} does not run: ${reason}`,
  updateTitle: 'Install the update now?',
  updateText: (version: string) =>
    `Mallard ${version} is ready. The mail server stops, a copy of its data is kept, and it starts again with the new version. Mail programs are without it for about a minute.`,
  updateNow: 'Install now',
  updateLater: 'Later',
  updateAttached:
    'This mail server runs as a service. Install the new version with the installer or the package manager: it restarts the service.',
  updateFailed: 'The update was not installed. The mail server runs as before.',
  noAppliance: 'A part of Mallard is missing: its own Node. Install Mallard again; a virus scanner may have removed it.',
  moveTitle: 'Move Mallard to the Applications folder?',
  moveText:
    'From the disk image or the downloads folder it cannot be updated, and the mail server would stop when that folder goes.',
  move: 'Move',
  crashedOften: 'The mail server ended again and again. It is not started any more by itself.',
  crashed: 'The mail server ended unexpectedly and is started again.',
};

export type Words = typeof en;

const de: Words = {
  open: 'Mallard öffnen',
  start: 'Mailserver starten',
  stop: 'Mailserver anhalten',
  pause: 'Eingehende Mail pausieren',
  logs: 'Protokolle',
  dataFolder: 'Datenordner öffnen',
  closeWindow: 'Fenster schließen',
  stopAndQuit: 'Mailserver anhalten und beenden',
  quitOnly: 'Beenden (der Mailserver läuft weiter)',
  file: 'Datei',
  edit: 'Bearbeiten',
  view: 'Ansicht',
  help: 'Hilfe',
  about: 'Über Mallard',
  cancel: 'Abbrechen',
  starting: 'Mallard startet',
  startingStep: (step, steps) => `Mallard startet (${step} von ${steps})`,
  running: 'Der Mailserver läuft',
  runningPaused: 'Läuft, eingehende Mail ist pausiert',
  degraded: (services) => `Braucht Aufmerksamkeit: ${services}`,
  stopping: 'Der Mailserver wird angehalten',
  stopped: 'Der Mailserver ist angehalten',
  failed: 'Der Mailserver konnte nicht starten',
  closeTitle: 'Mallard läuft weiter',
  closeText:
    'Das Fenster wird geschlossen, Mail kommt weiter an. Mallard ist in der Leiste zu finden; „Mailserver anhalten und beenden“ dort beendet es.',
  closeNoTray:
    'Dieser Desktop zeigt keine Symbolleiste. Soll der Mailserver ohne Fenster weiterlaufen? Ein neuer Start von Mallard zeigt es wieder.',
  keepRunning: 'Weiterlaufen',
  understood: 'OK',
  quitTitle: 'Mailserver anhalten und beenden?',
  quitNobody: 'Zurzeit ist kein Mailprogramm verbunden.',
  quitClients: (count, where) =>
    `${count === 1 ? 'Ein Mailprogramm ist' : `${count} Verbindungen von Mailprogrammen sind`} offen, von ${where}. Sie verlieren die Verbindung; keine Mail geht verloren.`,
  quitUnknown: 'Verbundene Mailprogramme verlieren die Verbindung; keine Mail geht verloren.',
  thisComputer: 'diesem Rechner',
  problemTitle: 'Mallard: ein Problem',
  problemGone: 'Der Mailserver arbeitet wieder.',
  serviceFailed: (service, reason) => `${service} läuft nicht: ${reason}`,
  updateTitle: 'Die Aktualisierung jetzt einspielen?',
  updateText: (version) =>
    `Mallard ${version} ist bereit. Der Mailserver hält an, eine Kopie seiner Daten wird aufgehoben, und er startet mit der neuen Version. Mailprogramme sind etwa eine Minute ohne ihn.`,
  updateNow: 'Jetzt einspielen',
  updateLater: 'Später',
  updateAttached:
    'Dieser Mailserver läuft als Dienst. Die neue Version wird mit dem Installationsprogramm oder der Paketverwaltung eingespielt; das startet den Dienst neu.',
  updateFailed: 'Die Aktualisierung wurde nicht eingespielt. Der Mailserver läuft wie zuvor.',
  noAppliance:
    'Ein Teil von Mallard fehlt: sein eigenes Node. Mallard muss neu installiert werden; vielleicht hat ein Virenscanner es entfernt.',
  moveTitle: 'Mallard in den Programme-Ordner bewegen?',
  moveText:
    'Aus dem Abbild oder dem Downloads-Ordner kann es nicht aktualisiert werden, und der Mailserver hielte an, wenn dieser Ordner verschwindet.',
  move: 'Bewegen',
  crashedOften: 'Der Mailserver endete immer wieder. Er wird nicht mehr von selbst gestartet.',
  crashed: 'Der Mailserver endete unerwartet und wird neu gestartet.',
};

export type Language = 'en' | 'de';

/** @param locale as the system names it: `de-AT`, `en_US.UTF-8` */
export function languageOf(locale: string): Language {
  return /^de\b/i.test(locale.replace('_', '-')) ? 'de' : 'en';
}

export function wordsFor(language: Language): Words {
  return language === 'de' ? de : en;
}
