/** Draws a component as the app would: theme, language, queries; and answers its calls from a table. */
import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { render, type RenderResult } from '@testing-library/react';
import type { ReactElement } from 'react';
import { vi } from 'vitest';
import { makeQueryClient } from '../app/app.tsx';
import { themeFor } from '../app/theme.ts';
import { LiveRegions } from '../lib/announce.tsx';
import { type Language, startI18n } from '../lib/i18n.ts';

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly body: unknown;
}

/** By `METHOD /path`, what is answered: a value, a status with a value, or a promise of either for what takes its time. */
export type Answers = Readonly<Record<string, unknown>>;

export class Refusal {
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    this.status = status;
    this.body = body;
  }
}

export async function show(
  element: ReactElement,
  answers: Answers = {},
  language: Language = 'en',
): Promise<RenderResult & { calls: Call[] }> {
  await startI18n(language);
  const calls: Call[] = [];
  vi.stubGlobal('fetch', async (url: string, init: { method?: string; body?: string } = {}) => {
    const method = init.method ?? 'GET';
    const path = url.split('?')[0] ?? '';
    calls.push({ method, path: url, body: init.body === undefined ? undefined : (JSON.parse(init.body) as unknown) });
    const answer = await answers[`${method} ${path}`];
    if (answer === undefined) throw new TypeError('no answer');
    const { status, body } = answer instanceof Refusal ? answer : { status: 200, body: answer };
    return new Response(JSON.stringify(body), { status });
  });
  const result = render(
    <QueryClientProvider client={makeQueryClient()}>
      <MantineProvider theme={themeFor('Close', 'Clear')} env="test">
        <LiveRegions />
        {element}
      </MantineProvider>
    </QueryClientProvider>,
  );
  return Object.assign(result, { calls });
}
