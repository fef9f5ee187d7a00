/** The reader's choice of dark, light or the system's look, and the control that changes it. The only one that stores it. */

const CHOICES = ['auto', 'dark', 'light'] as const;
type Theme = (typeof CHOICES)[number];
const KEY = 'headlight-theme'; // public/theme.js reads it before the first paint.
const NAMES: Record<Theme, string> = { auto: 'Auto', dark: 'Dark', light: 'Light' };

const button = document.querySelector<HTMLButtonElement>('.theme');

function current(): Theme {
  const set = document.documentElement.dataset['theme'];
  return CHOICES.find((choice) => choice === set) ?? 'auto';
}

function choose(theme: Theme): void {
  if (theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // Storage may be refused, as in a sandboxed frame: the choice then lasts as long as the page.
  }
  show();
}

function show(): void {
  if (button === null) return;
  const theme = current();
  button.hidden = false;
  button.setAttribute('aria-label', `Theme: ${NAMES[theme].toLowerCase()}`);
  const name = button.querySelector('span');
  if (name !== null) name.textContent = NAMES[theme];
}

button?.addEventListener('click', () => {
  choose(CHOICES[(CHOICES.indexOf(current()) + 1) % CHOICES.length] ?? 'auto');
});
show();
