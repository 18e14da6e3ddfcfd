/** Every setting of the registry has its words in every language of the GUI. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingNames, settingOf } from '../../app/appliance/settings/registry.ts';
import { de } from '../../ui/locales/de.ts';
import { en } from '../../ui/locales/en.ts';

/** These have their words put together from the protocol's name. */
const listener = /^(imaps?|pop3s?|lmtp|smtp|submissions?|managesieve|api|gui)\.(enabled|host|port)$/;
const names = settingNames.filter((name) => !listener.test(name));

test('labels, German help, and words for choices', () => {
  const missing = names.flatMap((name) => {
    const { choices = [] } = settingOf(name);
    return [
      ...(name in en.settingWords.label ? [] : [`label (en): ${name}`]),
      ...(name in de.settingWords.label ? [] : [`label (de): ${name}`]),
      ...(name in de.settingWords.help ? [] : [`help (de): ${name}`]),
      ...choices.flatMap((choice) =>
        [en, de].some(({ settingWords }) => settingWords.choice[name]?.[choice] === undefined)
          ? [`choice: ${name} ${choice}`]
          : [],
      ),
    ];
  });
  assert.deepEqual(missing, []);
});

test('no words for settings that are gone', () => {
  const known = new Set<string>(names);
  assert.deepEqual(
    [...Object.keys(en.settingWords.label), ...Object.keys(de.settingWords.help)].filter((name) => !known.has(name)),
    [],
  );
});
