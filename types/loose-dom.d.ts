// For modules without annotations: what a page's own template holds is taken as found. The strict check does without this.
interface ParentNode {
  querySelector(selectors: string): any;
  querySelectorAll(selectors: string): NodeListOf<any>;
}
interface Document {
  getElementById(id: string): any;
}
interface Element {
  closest(selectors: string): any;
}
interface EventTarget {
  closest(selectors: string): any;
  textContent: string | null;
  value: any;
}
interface Event {
  readonly dataTransfer?: any;
}
