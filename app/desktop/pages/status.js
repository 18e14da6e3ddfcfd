/** The app's own page: shown while there is no appliance to load the GUI from. Draws the state, and offers what helps. */

const words = {
  en: {
    starting: 'Mallard is starting',
    connected: 'Mallard is starting',
    stopping: 'The mail server is stopping',
    stopped: 'The mail server is stopped',
    failed: 'The mail server could not start',
    stoppingHint: 'Mail programs are told goodbye and the databases write what they hold. This may take a minute.',
    stoppedHint: 'No mail comes in until it is started again.',
    start: 'Start mail server',
    again: 'Try again',
    folder: 'Open data folder',
    quit: 'Quit',
  },
  de: {
    starting: 'Mallard startet',
    connected: 'Mallard startet',
    stopping: 'Der Mailserver wird angehalten',
    stopped: 'Der Mailserver ist angehalten',
    failed: 'Der Mailserver konnte nicht starten',
    stoppingHint:
      'Mailprogramme werden verabschiedet, und die Datenbanken schreiben, was sie halten. Das kann eine Minute dauern.',
    stoppedHint: 'Bis er wieder gestartet wird, kommt keine Mail an.',
    start: 'Mailserver starten',
    again: 'Noch einmal versuchen',
    folder: 'Datenordner öffnen',
    quit: 'Beenden',
  },
};

const desktop = window.mallardDesktop;
const at = (id) => document.getElementById(id);

function draw(state) {
  const text = words[state.language];
  document.documentElement.lang = state.language;
  const waiting = state.phase === 'starting' || state.phase === 'connected' || state.phase === 'stopping';
  at('title').textContent = text[state.phase];
  at('activity').hidden = !waiting;
  const hint = text[`${state.phase}Hint`];
  at('hint').hidden = hint === undefined;
  at('hint').textContent = hint ?? '';
  const lines = state.phase === 'failed' ? state.lines.slice(-20) : state.lines.slice(-3);
  at('lines').hidden = lines.length === 0 || state.phase === 'stopped' || state.phase === 'stopping';
  at('lines').textContent = lines.join('\n');
  at('actions').hidden = waiting;
  at('start').textContent = state.phase === 'failed' ? text.again : text.start;
  at('folder').textContent = text.folder;
  at('quit').textContent = text.quit;
}

at('start').addEventListener('click', () => void desktop.startServer());
at('folder').addEventListener('click', () => void desktop.openDataFolder());
at('quit').addEventListener('click', () => void desktop.stopAndQuit());
desktop.onState(draw);
void desktop.state().then(draw);
