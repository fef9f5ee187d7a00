/** The reader's eye: framing, presets, the one slow settling, and turning by hand. Only this file moves the camera. */
import { PerspectiveCamera } from 'three';
import { OrbitControls } from 'three/addons/controls/OrbitControls.js';
import type { CameraPreset } from '../state/state';
import {
  axesOf,
  between,
  cornersOf,
  type Direction,
  describePose,
  dot,
  frame,
  type Insets,
  type Pose,
  samePose,
} from './framing';
import { RAISED } from './lanes';
import type { Box, Vec3 } from './layout';
import { CALM, GLIDE, SETTLE, Tween } from './motion';

/** A long lens: perspective is felt, and letters' distances stay even. */
export const FOV = (32 * Math.PI) / 180;
const SETTLE_ANGLE = (5 * Math.PI) / 180;
const STEEPEST = 1.45;

const DIRECTIONS: Record<CameraPreset, Direction> = {
  front: { azimuth: 0.2, elevation: 0.2 },
  side: { azimuth: 0.98, elevation: 0.16 },
  above: { azimuth: 0.16, elevation: 0.98 },
};
/** The same over lanes that stand one behind the other. */
const OVER_LANES: Record<CameraPreset, Direction> = {
  front: { azimuth: 0.08, elevation: RAISED },
  side: { azimuth: 0.7, elevation: 0.6 },
  above: { azimuth: 0.04, elevation: 1.25 },
};
/** An upright canvas has no width to give to a turn. */
const UPRIGHT: Direction = { azimuth: 0.1, elevation: 0.15 };

export class CameraRig {
  readonly camera = new PerspectiveCamera((FOV * 180) / Math.PI, 1, 1, 10000);
  private readonly controls = new OrbitControls(this.camera, null);
  private readonly canvas: HTMLCanvasElement;
  private readonly share = new Tween(1);
  private reduced: boolean;
  private preset: CameraPreset = 'front';
  private overLanes = false;
  private framed: Pose = { azimuth: 0, elevation: 0, distance: 1000, target: [0, 0, 0] };
  private from: Pose = this.framed;
  private pose: Pose = this.framed;
  private box: Box = { min: [0, 0, 0], max: [0, 0, 0] };
  private size = { width: 1, height: 1 };
  private insets: Insets = { top: 0, right: 0, bottom: 0, left: 0 };
  private byHand = false;
  private opened = false;
  private interactive = false;

  constructor(canvas: HTMLCanvasElement, reduced: boolean, changed: () => void) {
    this.canvas = canvas;
    this.reduced = reduced;
    this.controls.enabled = false;
    this.controls.enableDamping = false;
    this.controls.zoomSpeed = 0.7;
    this.controls.rotateSpeed = 0.55;
    this.controls.maxPolarAngle = Math.PI / 2 + STEEPEST;
    this.controls.addEventListener('start', () => {
      this.share.aim(1, 0);
      this.byHand = true;
    });
    this.controls.addEventListener('change', () => {
      this.pose = this.readPose();
      changed();
    });
  }

  setReduced(reduced: boolean): void {
    this.reduced = reduced;
  }

  setInteractive(on: boolean): void {
    if (on === this.interactive) return;
    this.interactive = this.controls.enabled = on;
    // Only while connected does the canvas take wheel and touch away from the page.
    if (on) this.controls.connect(this.canvas);
    else this.controls.disconnect();
  }

  /** Frames a scene of this size, unless the reader has placed the camera by hand. */
  setBox(box: Box, size: { width: number; height: number }, insets: Insets): void {
    const resized = size.width !== this.size.width || size.height !== this.size.height;
    this.box = box;
    this.size = size;
    this.insets = insets;
    this.camera.aspect = size.width / size.height;
    this.camera.updateProjectionMatrix();
    const before = this.framed;
    this.framed = frame(box, this.direction(), FOV, size, insets);
    if (this.byHand) return;
    // A token more, in a frame that has room for it, is no reason to move.
    if (this.opened && !resized && !this.share.pending && samePose(before, this.framed)) return;
    if (!this.opened) {
      this.opened = true;
      const turned = { ...this.direction(), azimuth: this.direction().azimuth + SETTLE_ANGLE };
      this.from = frame(box, turned, FOV, size, insets);
      this.go(SETTLE);
    } else if (resized || this.share.pending) {
      // What is under way keeps its start and lands on the new goal.
      if (!this.share.pending) this.apply(this.framed);
    } else {
      this.from = this.pose;
      this.go(CALM);
    }
  }

  show(preset: CameraPreset, overLanes: boolean): void {
    if (preset === this.preset && overLanes === this.overLanes) return;
    this.preset = preset;
    this.overLanes = overLanes;
    // The first picture opens where it belongs.
    if (this.opened) this.reset();
  }

  /** Lands at once where the camera is on its way to. */
  finish(): void {
    if (!this.share.pending) return;
    this.share.aim(1, 0);
    this.apply(this.framed);
  }

  reset(duration = GLIDE): void {
    this.byHand = false;
    this.framed = frame(this.box, this.direction(), FOV, this.size, this.insets);
    this.from = this.pose;
    this.go(duration);
  }

  orbit(dx: number, dy: number): void {
    const elevation = Math.max(-STEEPEST, Math.min(STEEPEST, this.pose.elevation + dy));
    this.place({ ...this.pose, azimuth: this.pose.azimuth + dx, elevation });
  }

  zoom(factor: number): void {
    const distance = this.pose.distance / factor;
    const { distance: framed } = this.framed;
    this.place({ ...this.pose, distance: Math.min(framed * 4, Math.max(framed / 12, distance)) });
  }

  /** In CSS pixels at the middle of the scene. */
  pan(dx: number, dy: number): void {
    const unit = (2 * Math.tan(FOV / 2) * this.pose.distance) / this.size.height;
    const { right, up } = axesOf(this.pose);
    const along = (i: 0 | 1 | 2) => this.pose.target[i] - right[i] * dx * unit + up[i] * dy * unit;
    this.place({ ...this.pose, target: [along(0), along(1), along(2)] });
  }

  describe(): string {
    return describePose(this.share.pending ? this.framed : this.pose, this.framed);
  }

  /** Moves on; true while there is more to come. */
  update(time: number): boolean {
    if (!this.share.pending) return false;
    this.apply(between(this.from, this.framed, this.share.at(time)));
    return this.share.pending;
  }

  get pending(): boolean {
    return this.share.pending;
  }

  /** The nearest and the farthest depth of the scene, and device-independent pixels of one unit between them. */
  depths(): { near: number; far: number; scale: number } {
    const { back } = axesOf(this.pose);
    const depths = cornersOf(this.box).map(
      (corner) => this.pose.distance - dot(corner, back) + dot(this.pose.target, back),
    );
    const near = Math.max(1, Math.min(...depths));
    const far = Math.max(near + 1, ...depths);
    return { near, far, scale: this.size.height / (Math.tan(FOV / 2) * (near + far)) };
  }

  dispose(): void {
    // three's controls fail to let go of an element that they never held.
    if (this.controls.domElement !== null) this.controls.dispose();
  }

  private direction(): Direction {
    const upright = this.size.width < this.size.height * 1.15;
    if (this.overLanes)
      return upright
        ? { ...OVER_LANES[this.preset], azimuth: OVER_LANES[this.preset].azimuth / 2 }
        : OVER_LANES[this.preset];
    return this.preset === 'front' && upright ? UPRIGHT : DIRECTIONS[this.preset];
  }

  private go(duration: number): void {
    if (this.reduced) {
      this.share.aim(1, 0);
      this.apply(this.framed);
    } else {
      this.share.aim(1, duration, 0);
      this.apply(this.from);
    }
  }

  private place(pose: Pose): void {
    this.byHand = true;
    this.share.aim(1, 0);
    this.apply(pose);
  }

  private apply(pose: Pose): void {
    this.pose = pose;
    const { back } = axesOf(pose);
    const at = (i: 0 | 1 | 2) => pose.target[i] + back[i] * pose.distance;
    this.camera.position.set(at(0), at(1), at(2));
    this.camera.up.set(0, 1, 0);
    this.camera.lookAt(...pose.target);
    this.camera.updateMatrixWorld();
    this.controls.target.set(...pose.target);
    this.camera.near = Math.max(1, pose.distance / 100);
    this.camera.far = pose.distance * 10;
    this.camera.updateProjectionMatrix();
  }

  private readPose(): Pose {
    const { position } = this.camera;
    const { x, y, z } = this.controls.target;
    const target: Vec3 = [x, y, z];
    const way: Vec3 = [position.x - x, position.y - y, position.z - z];
    const distance = Math.hypot(...way);
    return { target, distance, azimuth: Math.atan2(way[0], way[2]), elevation: Math.asin(way[1] / distance) };
  }
}
