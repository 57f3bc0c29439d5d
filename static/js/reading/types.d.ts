export type Vec = [number, number, number];
export type Role = "old" | "new";
export type PlaneName = "axial" | "coronal" | "sagittal";
export type Mode = "fused" | "pet" | "ct";
export type Codes = Uint8Array | Uint16Array;
export type Affine = number[][];
/** Index (x, y, z) = matrix * (LPS mm - origin); matrix row by row. */
export interface Inverse { matrix: number[]; origin: Vec }
/** Voxels [z, y, x]. */
export interface Grid { shape: Vec; affine: Affine; inverse: Inverse }
export interface Volume extends Grid { codes: Codes }
export interface View { x_mm: number; y_mm: number; width_mm: number; depth_mm: number; bottom_mm: number; top_mm: number }
/** Where pixels of a picture lie: LPS mm of the first pixel's middle, and the steps to the next one. */
export interface Camera { origin: Vec; right: Vec; down: Vec }
export interface PetAbout { shape: Vec; affine: Affine; upper: string; lower: string; suv_max: number; levels: number; unit: string; unit_words: string }
export interface CtAbout { shape: Vec; affine: Affine; url: string; step: number; lowest: number }
export interface SpriteGeometry { frames: number; across: number; width: number; height: number; columnMm: number; rowMm: number; codeMax: number; levels: number }
export interface MipAbout extends SpriteGeometry { url: string; view: View }
export interface RegionAbout { id: string; kind: string; label: string; lesion: string; point: Vec; start: Vec; shape: Vec; bits: string; why: string }
export interface Region extends RegionAbout { voxels: Uint8Array }
export interface ScanAbout { role: Role; id: string; why: string; view: View | null; pet: PetAbout | null; ct: CtAbout | null; mip: MipAbout | null; regions: RegionAbout[] }
export interface Place { lps: Vec; how: string }
export interface LesionAbout { id: string; label: string; points: Partial<Record<Role, Place>> }
export interface LinkAbout { matrix: number[][] | null; sentence: string }
export interface PairAbout { scans: ScanAbout[]; link: LinkAbout; lesions: LesionAbout[]; palettes: Record<string, string> }
export interface Scan { about: ScanAbout; pet: Volume | null; hasExact: boolean; ct: Volume | null; frames: Uint8Array[] | null; regions: Region[] }
export type Window = [number, number];
export interface State {
  points: Record<Role, Vec>; centres: Record<Role, Vec>; bounds: Record<Role, { low: Vec; high: Vec }>;
  lesion: string; region: string; anchor: string; note: string;
  zoom: number; frame: number; windows: Record<Role, Window>;
  isLocked: boolean; isLinked: boolean; isSmooth: boolean; hasOutlines: boolean;
  mode: Mode; palette: string; mix: number; layout: string;
}
/** One request that changes something; ``again``: for one that takes back, the step that may be taken anew; ``stands``: for that, what it had made before. */
export interface Step { to: "mark" | "outline" | "withdraw" | "restore" | "accept" | "reject" | "reopen" | "match" | "unmatch"; id: string; data: Record<string, string>; again?: Step; stands?: { voi: string; recorded_at: string } }
export interface Numbers { suv_max: number; suv_mean: number; suv_peak_local: number | null; volume_ml: number; provisional: boolean; is_suv_provisional: boolean; warnings?: string[] }
/** A region as the server lists it, see docs/regions.md. */
export interface Row {
  voi: string; recorded_at: string; role: string; lesion: { pk: string; label: string; organ: string } | null; state: string; sentence: string;
  threshold: { rule: string; number: number | null } | null; centre_mm: Vec; radius_mm: number; may_move: boolean; default_reason: string;
  numbers: Numbers | null; ratio: { to_liver: number; method: string } | null; outline?: RegionAbout | null;
}
export type Answer = { ok: boolean; status: number; voi: string; code?: string; sentence?: string; before?: string | null; restored?: string | null; other?: Row; is_lesion_gone?: boolean; absorbed?: { voi: string; before: string } } & Partial<Row>;
/** What takes the pointer before the cross-hair does; true: it was for the tool. */
export interface Tool {
  down(panel: import("./slicepanel.js").SlicePanel, p: Vec, event: PointerEvent): boolean;
  move(p: Vec): void;
  up(p: Vec): void;
  onMip(role: Role, p: Vec | null): boolean;
}
export type Over = (context: CanvasRenderingContext2D, camera: Camera) => void;
