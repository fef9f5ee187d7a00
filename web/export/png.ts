/** A picture's size on paper: how many pixels it needs, and the note in the file by which programs print it so large. */
import { crc32, joined } from './zip';

/** A page's text width, and the resolution that printers ask for. */
export const PRINT_MM = 180;
export const PRINT_DPI = 300;

const INCH_MM = 25.4;

/** Pixels across so many millimetres. */
export function printPixels(mm = PRINT_MM, dpi = PRINT_DPI): number {
  return Math.round((mm / INCH_MM) * dpi);
}

/** The same PNG with a note of its resolution. */
export function withResolution(png: Uint8Array, dpi = PRINT_DPI): Uint8Array<ArrayBuffer> {
  const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
  if (!signature.every((byte, i) => png[i] === byte)) throw new TypeError('This is no PNG.');
  const note = new Uint8Array(21);
  const view = new DataView(note.buffer);
  const perMetre = Math.round((dpi * 1000) / INCH_MM);
  view.setUint32(0, 9);
  note.set(new TextEncoder().encode('pHYs'), 4);
  view.setUint32(8, perMetre);
  view.setUint32(12, perMetre);
  view.setUint8(16, 1);
  view.setUint32(17, crc32(note.subarray(4, 17)));
  // It has to stand after the first chunk, which is the size in pixels.
  const first = 8 + 25;
  return joined([png.subarray(0, first), note, png.subarray(first)]);
}
