/**
 * The scene's one door: takes snapshots, draws them when something changed, and answers what lies under a point.
 * It owns the loop and the clock; everything it draws and decides lives in the files beside it.
 */
import { Scene as Graph, Matrix4, WebGLRenderer } from 'three';
import type { Snapshot } from '../session/snapshot';
import type { CameraPreset } from '../state/state';
import { makeBackdrop } from './backdrop';
import { CameraRig } from './camera-rig';
import { COARSE_REACH, pickLink, pickToken, projector, TOKEN_REACH } from './picking';
import { Picture } from './picture';
import { type Covered, type Scene, type SceneOptions, SceneUnavailable } from './scene-contract';
import { Shared } from './shared';
import { colourParser, tonesOf } from './theme';

export type { Hit } from './picking';
export type { Covered } from './scene-contract';
export {
  type Scene,
  type SceneCamera,
  type SceneOptions,
  type SceneStats,
  SceneUnavailable,
  type ShownLabel,
} from './scene-contract';
export type { SceneTheme } from './theme';

const MOST_RATIO = 2;
const FONT = "'Inter Variable', Inter, system-ui, sans-serif";

function fontSize(width: number): number {
  return width < 560 ? 12 : width < 1250 ? 13 : 14;
}

export function createScene(canvas: HTMLCanvasElement, options: SceneOptions): Scene {
  const context = canvas.getContext('webgl2', {
    // Until the first frame the page's own ground shows through.
    alpha: true,
    antialias: false,
    depth: false,
    stencil: false,
    powerPreference: 'high-performance',
  });
  if (!context) throw new SceneUnavailable('This browser gives no WebGL 2, so the 3D scene cannot be shown.');
  const renderer = new WebGLRenderer({ canvas, context });
  renderer.autoClear = false;
  renderer.sortObjects = true;
  const shared = new Shared();
  const graph = new Graph();
  const parse = colourParser();
  const matrix = new Matrix4();
  const coarse = matchMedia('(pointer: coarse)');
  const rig = new CameraRig(canvas, options.reducedMotion, draw);
  const picture = new Picture(shared, rig, options.reading, options.reducedMotion);
  graph.add(makeBackdrop(shared), ...picture.meshes);
  graph.matrixWorldAutoUpdate = false;

  let { theme } = options;
  let size = { width: 1, height: 1, ratio: 1 };
  let covered: Covered = { top: 0, bottom: 0 };
  let snapshot: Snapshot | null = null;
  let preset: CameraPreset | null = null;
  let settled = -1;
  let request = 0;
  let frames = 0;
  let disposed = false;
  let waiting: (() => void)[] = [];

  function applyTheme(): void {
    shared.setTones(tonesOf(theme, parse), theme.dark);
  }

  function applyFont(): void {
    const family = theme.font || FONT;
    picture.setFont(family, fontSize(size.width), size.ratio);
    draw();
  }

  /** A font that arrives later is measured and set again: all widths change with it. */
  function awaitFont(): void {
    const family = theme.font || FONT;
    if (!document.fonts) return;
    void Promise.allSettled([
      document.fonts.load(`450 13px ${family}`),
      document.fonts.load(`600 13px ${family}`),
    ]).then((loaded) => {
      if (!disposed && loaded.some((result) => result.status === 'fulfilled' && result.value.length > 0)) applyFont();
    });
  }

  function draw(): void {
    if (request === 0 && !disposed) request = requestAnimationFrame(frame);
  }

  function project() {
    matrix.multiplyMatrices(rig.camera.projectionMatrix, rig.camera.matrixWorldInverse);
    return projector(matrix.elements, size.width, size.height);
  }

  /** In the frame that draws, never before: a resized canvas is blank until something is drawn on it. */
  function fitCanvas(): void {
    const [width, height] = [Math.floor(size.width * size.ratio), Math.floor(size.height * size.ratio)];
    if (canvas.width !== width || canvas.height !== height) {
      renderer.setPixelRatio(size.ratio);
      renderer.setSize(size.width, size.height, false);
    }
    shared.uniforms.uResolution.value.set(width, height);
    shared.uniforms.uGlowAt.value.set(width / 2, height / 2);
  }

  function frame(time: number): void {
    request = 0;
    if (disposed) return;
    // Nothing can be shown until the browser gives the context back; nobody has to wait for that.
    if (renderer.getContext().isContextLost()) {
      release();
      return;
    }
    fitCanvas();
    const shown = snapshot;
    let moving = picture.update(time);
    moving = rig.update(time) || moving;
    const { near, far, scale } = rig.depths();
    shared.uniforms.uDepth.value.set(near, far);
    shared.uniforms.uScale.value = scale * size.ratio;
    picture.placeLabels(project());
    renderer.render(graph, rig.camera);
    frames++;
    if (shown) settled = shown.revision;
    if (moving) draw();
    options.onChange?.();
    if (request === 0) release();
  }

  function release(): void {
    const done = waiting;
    waiting = [];
    for (const resolve of done) resolve();
  }

  /** Lets go of everything on the graphics card; what is still needed is made anew by the next frame. */
  function dropGraphics(): void {
    graph.traverse((object) => {
      const mesh = object as { geometry?: { dispose(): void }; material?: { dispose(): void } };
      mesh.geometry?.dispose();
      mesh.material?.dispose();
    });
    picture.dropTextures();
    shared.dropTextures();
  }

  // A lost context's objects are dropped at once: later, three.js would hand them to the new context, which refuses.
  canvas.addEventListener('webglcontextlost', dropGraphics);
  canvas.addEventListener('webglcontextrestored', draw);

  applyTheme();
  applyFont();
  awaitFont();

  return {
    show(next) {
      if (next === snapshot) return;
      snapshot = next;
      picture.show(next);
      if (next.state.camera !== preset) {
        preset = next.state.camera;
        picture.setPreset(preset);
      }
      draw();
    },
    resize(width, height, pixelRatio) {
      const ratio = Math.min(MOST_RATIO, Math.max(0.5, pixelRatio));
      if (width <= 0 || height <= 0) return;
      if (width === size.width && height === size.height && ratio === size.ratio) return;
      const refont = ratio !== size.ratio || fontSize(width) !== fontSize(size.width);
      size = { width, height, ratio };
      shared.uniforms.uPixelRatio.value = ratio;
      if (refont) applyFont();
      picture.resize(width, height);
      draw();
    },
    setCovered(next) {
      if (next.top === covered.top && next.bottom === covered.bottom) return;
      covered = next;
      picture.setCovered(next);
      draw();
    },
    setTheme(next) {
      const refont = next.font !== theme.font;
      theme = next;
      applyTheme();
      if (refont) {
        applyFont();
        awaitFont();
      }
      draw();
    },
    setReducedMotion(reduced) {
      rig.setReduced(reduced);
      picture.setReduced(reduced);
    },
    pick(x, y) {
      const labelled = picture.labelAt(x, y);
      if (labelled) return picture.inWhole(labelled);
      const { layout, nHeads, lists } = picture.pickable();
      if (!layout) return null;
      const at = project();
      const hit =
        pickToken(layout, at, x, y, coarse.matches ? COARSE_REACH : TOKEN_REACH) ??
        pickLink(lists, layout, nHeads, at, x, y);
      return hit === null ? null : picture.inWhole(hit);
    },
    camera: {
      preset(name) {
        preset = name;
        picture.setPreset(name);
        draw();
      },
      orbit(dx, dy) {
        picture.finish();
        rig.orbit(dx, dy);
        draw();
      },
      zoom(factor) {
        picture.finish();
        rig.zoom(factor);
        draw();
      },
      pan(dx, dy) {
        picture.finish();
        rig.pan(dx, dy);
        draw();
      },
      reset() {
        rig.reset();
        draw();
      },
      describe: () => rig.describe(),
    },
    setInteractive: (on) => rig.setInteractive(on),
    finish() {
      rig.finish();
      picture.finish();
      draw();
    },
    drawn() {
      if (request === 0 || disposed) return Promise.resolve();
      return new Promise((resolve) => waiting.push(resolve));
    },
    settledRevision: () => settled,
    inspect() {
      const { render, memory, programs } = renderer.info;
      return {
        ...picture.inspect(),
        calls: render.calls,
        triangles: render.triangles,
        programs: programs?.length ?? 0,
        textures: memory.textures,
        geometries: memory.geometries,
        uploadedBytes: shared.uploaded,
        frames,
      };
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      cancelAnimationFrame(request);
      canvas.removeEventListener('webglcontextlost', dropGraphics);
      canvas.removeEventListener('webglcontextrestored', draw);
      rig.dispose();
      dropGraphics();
      renderer.dispose();
      // Browsers keep few contexts, and some keep a canvas for long: give this one back now.
      renderer.forceContextLoss();
      release();
    },
  };
}
