/** How numbers are printed: short for the eye, while the full value stands beside them for programs. Pure. */

const MINUS = '\u2212';

/** Three significant digits, a real minus sign: "0.677", "−1.25", "12 300", "1.20 × 10⁻⁵". */
export function formatNumber(value: number): string {
  if (Number.isNaN(value)) return 'not a number';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : `${MINUS}∞`;
  const size = Math.abs(value);
  if (size === 0) return '0';
  const sign = value < 0 ? MINUS : '';
  if (size < 1e-4) {
    const [digits, exponent] = size.toExponential(2).split('e');
    return `${sign}${digits} × 10${superscript(Number(exponent))}`;
  }
  if (size >= 999.5)
    return `${sign}${Math.round(size)
      .toString()
      .replace(/\B(?=(\d{3})+$)/g, '\u202F')}`;
  return `${sign}${size.toPrecision(3)}`;
}

/** A share in prose: "68 %", "0.4 %", "under 0.1 %". */
export function formatPercent(share: number): string {
  const percent = share * 100;
  if (percent > 0 && percent < 0.05) return 'under 0.1\u202F%';
  return `${Number(percent.toFixed(percent < 9.95 ? 1 : 0))}\u202F%`;
}

/** A head's number in its unit: "68 %", "0.891", "2.31 tokens", "+0.412". */
export function formatMeasured(value: number, unit: 'share' | 'entropy' | 'tokens' | 'distance' | 'logit'): string {
  if (unit === 'share') return formatPercent(value);
  if (unit === 'tokens') return `${formatNumber(value)}\u00A0tokens`;
  return unit === 'logit' && value > 0 ? `+${formatNumber(value)}` : formatNumber(value);
}

/** "90.9 MB". */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB'];
  let unit = 0;
  let size = bytes;
  for (; size >= 1000 && unit < units.length - 1; ++unit) size /= 1000;
  return `${unit === 0 ? size : size.toPrecision(3)} ${units[unit]}`;
}

const superscript = (exponent: number): string =>
  [...String(exponent)].map((sign) => (sign === '-' ? '⁻' : ('⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(sign)] ?? ''))).join('');
