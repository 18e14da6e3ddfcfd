/** The page shown while the full GUI is not built: signs in by the link's secret and draws the state as it changes. */

const at = (id) => document.getElementById(id);

function row(...texts) {
  const tr = document.createElement('tr');
  for (const text of texts) {
    const td = document.createElement('td');
    td.textContent = text;
    tr.append(td);
  }
  return tr;
}

function draw(status) {
  const words = {
    running: 'The mail server is running.',
    starting: 'The mail server is starting…',
    stopping: 'The mail server is stopping…',
  };
  at('message').textContent = words[status.state] ?? `The mail server is ${status.state}.`;
  at('running').hidden = false;
  const memory = (bytes) => (bytes === null ? '' : `${Math.round(bytes / 1048576)} MB`);
  at('services').replaceChildren(
    ...status.services.map((each) =>
      row(each.name, each.progress ?? each.failure?.message ?? each.state, each.version ?? '', memory(each.rssBytes)),
    ),
  );
  const security = { none: 'none', starttls: 'STARTTLS', implicit: 'TLS' };
  at('endpoints').replaceChildren(
    ...Object.entries(status.endpoints).map(([name, each]) => row(name.toUpperCase(), String(each.port), security[each.tls])),
  );
}

async function signIn() {
  const link = /^#signin=([\w-]+)$/.exec(location.hash)?.[1];
  if (link === undefined) return;
  history.replaceState(null, '', location.pathname);
  await fetch('/control/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ link }),
  });
}

await signIn();
const { signedIn } = await (await fetch('/control/session')).json();
if (signedIn) {
  const events = new EventSource('/control/events');
  events.addEventListener('status', (event) => draw(JSON.parse(event.data).status));
  events.addEventListener('error', () => {
    at('message').textContent = 'The mail server does not answer. Trying again…';
  });
} else {
  at('message').textContent = 'You are not signed in. Run "mallard gui" on the computer that runs Mallard: it prints a link.';
}
