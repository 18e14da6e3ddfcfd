/** Where the GUI begins: language, then the app. */
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import './app/global.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { startI18n } from './lib/i18n.ts';
import { isUserPlace } from './lib/me.ts';
import { setApiRoot } from './lib/request.ts';
import { userApiPath } from '../app/appliance/control/contract-user.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no root element.');
if (isUserPlace()) setApiRoot(userApiPath);
await startI18n();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
