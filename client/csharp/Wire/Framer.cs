// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System;

namespace Onedoor
{
  /// <summary>Cuts a TCP stream into packets (docs/PROTOCOL.md, "Over TCP").</summary>
  public sealed class Framer
  {
    private readonly byte[] _held = new byte[2 * Protocol.MaxPacketBytes];
    private int _count;

    /// <summary>Why the stream is over: its next packet is none. None: it goes on.</summary>
    public DropReason Reason { get; private set; }

    /// <summary>Bytes that can be taken now; all packets that are there have to be taken before.</summary>
    public int Room => _held.Length - _count;

    /// <summary>Adds bytes of the stream, at most <see cref="Room" />.</summary>
    public void Push(byte[] bytes, int at, int count)
    {
      if (count > Room) throw new ArgumentException("`count` must be at most Room, got: " + count);
      Buffer.BlockCopy(bytes, at, _held, _count, count);
      _count += count;
    }

    /// <summary>The next packet; null if it is not whole yet, or the stream is over.</summary>
    public byte[] Next()
    {
      if (Reason != DropReason.None || _count < 2) return null;
      int length = Bytes.U16(_held, 0);
      if (length < 8) Reason = DropReason.Short;
      else if (length > Protocol.MaxPacketBytes) Reason = DropReason.Long;
      else if (!Protocol.IsLength(length)) Reason = DropReason.LengthInvalid;
      if (Reason != DropReason.None || _count < length) return null;
      byte[] packet = Bytes.Slice(_held, 0, length);
      _count -= length;
      Buffer.BlockCopy(_held, length, _held, 0, _count);
      return packet;
    }
  }
}
