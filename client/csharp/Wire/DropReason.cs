// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
namespace Onedoor
{
  /// <summary>
  /// Why bytes are no response: items 1 to 12 of docs/PROTOCOL.md, "Reading a packet, in this exact order".
  /// </summary>
  public enum DropReason
  {
    /// <summary>The bytes are a packet.</summary>
    None = 0,
    /// <summary>Fewer than 8 bytes.</summary>
    Short = 1,
    /// <summary>More than 1,200 bytes.</summary>
    Long = 2,
    /// <summary>Length is not the number of bytes.</summary>
    LengthMismatch = 3,
    /// <summary>Length is one that no packet has.</summary>
    LengthInvalid = 4,
    /// <summary>Type is not the deployment's.</summary>
    WrongType = 5,
    /// <summary>An option goes past the end.</summary>
    OptionPastEnd = 6,
    /// <summary>More than 16 options.</summary>
    TooManyOptions = 7,
    /// <summary>Two options of one code.</summary>
    OptionRepeated = 8,
    /// <summary>A value of a size that its option does not allow.</summary>
    ValueSize = 9,
    /// <summary>A text that is not UTF-8.</summary>
    NotUtf8 = 10,
    /// <summary>No nonce.</summary>
    NoNonce = 11,
    /// <summary>A request.</summary>
    WrongRole = 12,
  }
}
