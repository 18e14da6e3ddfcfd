/** Colours and defaults. Every text colour reaches 4.5:1 on its background in both schemes; axe checks it in test/gui. */
import {
  Alert,
  Badge,
  Button,
  Card,
  createTheme,
  mergeThemeOverrides,
  type MantineThemeOverride,
  Notification,
  type CSSVariablesResolver,
  type MantineColorsTuple,
  Modal,
  Paper,
  Tooltip,
} from '@mantine/core';

/** The green of a drake's head. */
const mallard: MantineColorsTuple = [
  '#e9f6f2',
  '#d3ebe3',
  '#a6d7c9',
  '#75c3ad',
  '#4eb196',
  '#2fa285',
  '#178b70',
  '#0d7560',
  '#0a5f4e',
  '#06483b',
];
/** Greys with a breath of green. Index 6 and above carry text on white. */
const gray: MantineColorsTuple = [
  '#f6f8f7',
  '#eef1f0',
  '#e1e6e4',
  '#cfd6d3',
  '#b3bdb9',
  '#8d9894',
  '#64706b',
  '#4a5551',
  '#323b38',
  '#1d2422',
];
const dark: MantineColorsTuple = [
  '#d3d9d7',
  '#b9c1be',
  '#a0aaa6',
  '#77827e',
  '#3a4441',
  '#2d3633',
  '#222a28',
  '#1a211f',
  '#141a18',
  '#0e1312',
];

const theme = createTheme({
  primaryColor: 'mallard',
  primaryShade: 7,
  colors: { mallard, gray, dark },
  autoContrast: true,
  luminanceThreshold: 0.28,
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'Cascadia Mono', 'Segoe UI Mono', Menlo, 'DejaVu Sans Mono', monospace",
  headings: { fontWeight: '650', sizes: { h1: { fontSize: '1.6rem' }, h2: { fontSize: '1.15rem' }, h3: { fontSize: '1rem' } } },
  components: {
    Button: Button.extend({ defaultProps: { size: 'sm' } }),
    // Only what has just gone wrong interrupts (FaultAlert says role="alert"); the rest is a note.
    Alert: Alert.extend({ defaultProps: { role: 'note' } }),
    Badge: Badge.extend({ defaultProps: { tt: 'none', fw: 600, radius: 'sm' } }),
    Card: Card.extend({ defaultProps: { withBorder: true, padding: 'lg' } }),
    Paper: Paper.extend({ defaultProps: { radius: 'lg' } }),
    Modal: Modal.extend({ defaultProps: { radius: 'lg', overlayProps: { backgroundOpacity: 0.45, blur: 2 } } }),
    Tooltip: Tooltip.extend({ defaultProps: { events: { hover: true, focus: true, touch: true }, withArrow: true } }),
  },
});

export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    '--mantine-color-body': '#ffffff',
    '--mantine-color-dimmed': 'var(--mantine-color-gray-6)',
    '--mantine-color-placeholder': 'var(--mantine-color-gray-6)',
    '--mantine-color-error': '#c02626',
    '--mantine-color-orange-light-color': '#9a3a00',
    '--mallard-page': 'var(--mantine-color-gray-0)',
    '--mallard-line': 'var(--mantine-color-gray-2)',
  },
  dark: {
    '--mantine-color-dimmed': 'var(--mantine-color-dark-2)',
    '--mantine-color-placeholder': 'var(--mantine-color-dark-2)',
    '--mantine-color-error': '#ff8a8a',
    '--mantine-color-mallard-light': '#1f3d36',
    '--mantine-color-mallard-light-hover': '#254941',
    '--mantine-color-mallard-light-color': 'var(--mantine-color-mallard-1)',
    '--mallard-page': 'var(--mantine-color-dark-8)',
    '--mallard-line': 'var(--mantine-color-dark-5)',
  },
});

/** The theme with the names of the small buttons that components bring along: they are texts, too. */
export function themeFor(close: string, clear: string): MantineThemeOverride {
  const closeButtonProps = { 'aria-label': close };
  const clearButtonProps = { 'aria-label': clear };
  return mergeThemeOverrides(
    theme,
    createTheme({
      components: {
        Modal: Modal.extend({ defaultProps: { ...theme.components?.['Modal']?.defaultProps, closeButtonProps } }),
        // By name, and not by the component: these need not be there before the first screen stands.
        Drawer: { defaultProps: { closeButtonProps } },
        Notification: Notification.extend({ defaultProps: { closeButtonProps } }),
        Select: { defaultProps: { clearButtonProps } },
        TagsInput: { defaultProps: { clearButtonProps } },
      },
    }),
  );
}
