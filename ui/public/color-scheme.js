// Before the first paint: the chosen colours, so that a dark screen never flashes white. A file of its own because inline scripts are not allowed.
(function () {
  var choice = 'auto';
  try {
    choice = localStorage.getItem('mallard-color-scheme') || 'auto';
  } catch {
    // Storage is forbidden: the system's colours then.
  }
  var dark = choice === 'dark' || (choice === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
})();
