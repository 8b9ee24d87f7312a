const FIRST_SLOTS = 1 << 12;
/** Two 32-bit hashes of a key. */
const WIDTH = 2;

/**
 * The keys met so far, each as 64 bits of hash: 5 million states in 130 MB. That two of so many have the same hash is as
 * likely as 1 in a million (n² / 2⁶⁵); one of them would then be taken for seen.
 */
export class SeenStates {
  #slots = new Uint32Array(FIRST_SLOTS * WIDTH);
  #mask = FIRST_SLOTS - 1;
  size = 0;

  /** False: it was there. */
  add(key: string): boolean {
    let a = 0x9e37_79b9;
    let b = 0x85eb_ca6b;
    for (let at = 0; at < key.length; at++) {
      const code = key.charCodeAt(at);
      a = Math.imul(a ^ code, 0x0100_0193);
      a ^= a >>> 15;
      b = Math.imul((b << 5) + b + code, 0xcc9e_2d51) ^ (b >>> 13);
    }
    a = mixed(a ^ key.length);
    // 0 here marks an empty slot.
    b = mixed(b) || 1;
    if (!this.#put(a >>> 0, b >>> 0)) return false;
    this.size++;
    if (this.size * 2 > this.#mask) this.#grow();
    return true;
  }

  #put(a: number, b: number): boolean {
    for (let slot = a & this.#mask; ; slot = (slot + 1) & this.#mask) {
      const at = slot * WIDTH;
      const held = this.#slots[at + 1];
      if (held === b && this.#slots[at] === a) return false;
      if (held !== 0) continue;
      this.#slots[at] = a;
      this.#slots[at + 1] = b;
      return true;
    }
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(before.length * 2);
    this.#mask = (before.length * 2) / WIDTH - 1;
    for (let at = 0; at < before.length; at += WIDTH) {
      if (before[at + 1] !== 0) this.#put(before[at] as number, before[at + 1] as number);
    }
  }
}

/** The finishing step of MurmurHash3 (public domain): each bit of the input changes each of the output. */
function mixed(hash: number): number {
  let mix = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2_ae35);
  return mix ^ (mix >>> 16);
}
