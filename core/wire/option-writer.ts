import { ByteWriter } from './byte-writer.ts';
import { EXTENDED_HEADER_BYTES, MAX_PACKET_BYTES, OPTION_HEADER_BYTES, PROBE_TYPE } from './limits.ts';
import { OPTION, OPTION_RULES } from './option-table.ts';

/** Above every sum of valid options, so that a packet can be measured before it is cut. */
const SCRATCH_BYTES = 8192;

export type OptionName = keyof typeof OPTION;

/** Writes header and options of one extended packet; option values are checked against the option table. */
export class OptionWriter extends ByteWriter {
  constructor() {
    super(SCRATCH_BYTES);
  }

  begin(address: Uint8Array, nonce: Uint8Array, type: number = PROBE_TYPE): void {
    this.reset();
    this.zeroes(2);
    this.u16('type', type);
    this.raw('address', address, EXTENDED_HEADER_BYTES - 4);
    this.bytesOption('nonce', nonce);
  }

  textOption(name: OptionName, value: string | undefined): void {
    if (value === undefined) return;
    const start = this.open(name);
    const { min, max } = OPTION_RULES[OPTION[name]]!;
    this.text(name, value, min, max);
    this.close(start);
  }

  bytesOption(name: OptionName, value: Uint8Array | undefined): void {
    if (value === undefined) return;
    const start = this.open(name);
    const { min, max } = OPTION_RULES[OPTION[name]]!;
    this.raw(name, value, min, max);
    this.close(start);
  }

  /** Starts an option whose value is written field by field; returns what `close` needs. */
  open(name: OptionName): number {
    this.u8(name, OPTION[name]);
    this.zeroes(2);
    return this.at - 2;
  }

  close(start: number): void {
    this.closeLength(start, 2);
  }

  /**
   * Pads to `size` bytes or one or two more, since an option takes three; never over 1,200, so that a packet of 1,198
   * or 1,199 bytes stays as it is.
   */
  padTo(size: number): void {
    const missing = Math.min(size, MAX_PACKET_BYTES) - this.at;
    const length = Math.max(missing, OPTION_HEADER_BYTES);
    if (missing <= 0 || this.at + length > MAX_PACKET_BYTES) return;
    const start = this.open('padding');
    this.zeroes(length - OPTION_HEADER_BYTES);
    this.close(start);
  }

  /** Sets Length and returns a copy of the packet. */
  seal(): Uint8Array {
    if (this.at > MAX_PACKET_BYTES) this.problem('packet', `at most ${MAX_PACKET_BYTES} bytes`, this.at);
    this.patchU16(0, this.at);
    return this.finish();
  }
}
