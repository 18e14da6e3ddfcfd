/** The API's own description: made once, when somebody asks. */
import { readFileSync } from 'node:fs';
import { documentation } from '../contract/documentation.ts';
import { type Route, rawRoute } from '../context.ts';
import { PAGE_POLICY, documentationPage } from '../documentation-page.ts';
import { type ApiDocument, describeApi } from '../openapi.ts';

export function documentationRoutes(routes: readonly Route[]): Route[] {
  let made: ApiDocument | undefined;
  const document = (): ApiDocument => {
    made ??= describeApi(
      routes.map(({ contract }) => contract),
      packageVersion(),
    );
    return made;
  };
  return [
    rawRoute(documentation.document, async ({ reply }) => {
      await reply.type('application/json').send(JSON.stringify(document()));
    }),
    rawRoute(documentation.page, async ({ reply }) => {
      reply.header('content-security-policy', PAGE_POLICY);
      await reply.type('text/html; charset=utf-8').send(documentationPage(document()));
    }),
  ];
}

function packageVersion(): string {
  const file = new URL('../../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
  return version;
}
