/**
 * The colours of a figure: a file carries its own, for it leaves the page's style sheets behind. They are those of
 * tokens.css, which a test holds them to; paper is white where the page is tinted.
 */
export interface Paper {
  readonly ground: string;
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  readonly light: string;
  readonly negative: string;
  readonly positive: string;
}

export const LIGHT: Paper = {
  ground: '#ffffff',
  ink: '#1b1f27',
  muted: '#5b6270',
  line: '#d8d4ca',
  light: '#b0480c',
  negative: '#1f5fbf',
  positive: '#b0480c',
};

export const DARK: Paper = {
  ground: '#121722',
  ink: '#e8ecf4',
  muted: '#9aa6b8',
  line: '#2a3240',
  light: '#ff9f45',
  negative: '#6aa5ff',
  positive: '#ff9f45',
};
