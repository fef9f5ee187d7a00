/** The generated module, as far as anyone may know it. */
declare module '#wasm' {
  const instantiate: import('./bindings').InstantiateCore;
  export default instantiate;
}
