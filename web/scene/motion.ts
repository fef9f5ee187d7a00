/** Values that move from one to another and then stay. Time is always handed in; nothing here looks at a clock. */

/** Long enough to be seen, short enough not to be waited for. */
export const QUICK = 180;
export const CALM = 300;
/** From one view of the space to another, along an arc. */
export const GLIDE = 520;
/** The camera's one slow settling when a scene opens. */
export const SETTLE = 1500;

export function easeOut(share: number): number {
  const rest = 1 - Math.min(1, Math.max(0, share));
  return 1 - rest * rest * rest;
}

export class Tween {
  private from: number;
  private to: number;
  private start: number | null = null;
  private duration = 0;
  private moving = false;

  constructor(value: number) {
    this.from = this.to = value;
  }

  /** Heads for a value; the clock starts with the first `at` that follows. Interrupts what was under way. */
  aim(value: number, duration: number, current = this.to): void {
    this.from = current;
    this.to = value;
    this.duration = duration;
    this.start = null;
    this.moving = duration > 0 && current !== value;
  }

  get pending(): boolean {
    return this.moving;
  }

  get goal(): number {
    return this.to;
  }

  at(time: number): number {
    if (!this.moving) return this.to;
    this.start ??= time;
    const share = (time - this.start) / this.duration;
    if (share >= 1) {
      this.moving = false;
      return this.to;
    }
    return this.from + (this.to - this.from) * easeOut(share);
  }
}
