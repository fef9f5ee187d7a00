// Sets the look that the reader chose before anything is painted; site/theme.ts changes and stores it.
try {
  const theme = localStorage.getItem('headlight-theme');
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be refused: the system's look it is.
}
