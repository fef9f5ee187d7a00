/** The reader's choice of dark, light or the system's look, and the control that changes it. The only one that stores it. */

const CHOICES = ['auto', 'dark', 'light'] as const;
type Theme = (typeof CHOICES)[number];
const KEY = 'headlight-theme'; // public/theme.js reads it before the first paint.
type Words = Readonly<Record<'theme' | Theme, string>>;
const ENGLISH: Words = { theme: 'Theme: ', auto: 'Auto', dark: 'Dark', light: 'Light' };
const CHINESE: Words = { theme: '主题：', auto: '自动', dark: '深色', light: '浅色' };
const says = document.documentElement.lang === 'zh' ? CHINESE : ENGLISH;

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
  button.setAttribute('aria-label', `${says.theme}${says[theme].toLowerCase()}`);
  const name = button.querySelector('span');
  if (name !== null) name.textContent = says[theme];
}

button?.addEventListener('click', () => {
  choose(CHOICES[(CHOICES.indexOf(current()) + 1) % CHOICES.length] ?? 'auto');
});
show();
