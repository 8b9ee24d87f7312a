// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System;

namespace Onedoor
{
  /// <summary>Big-endian integers and addresses in bytes.</summary>
  internal static class Bytes
  {
    public static int U16(byte[] bytes, int at) => (bytes[at] << 8) | bytes[at + 1];

    public static uint U32(byte[] bytes, int at) => ((uint)U16(bytes, at) << 16) | (uint)U16(bytes, at + 2);

    public static byte[] Slice(byte[] bytes, int at, int length)
    {
      var slice = new byte[length];
      Buffer.BlockCopy(bytes, at, slice, 0, length);
      return slice;
    }

    public static bool Same(byte[] one, byte[] other)
    {
      if (one == null || other == null || one.Length != other.Length) return one == other;
      for (int i = 0; i < one.Length; i++)
        if (one[i] != other[i]) return false;
      return true;
    }

    public static bool IsZero(byte[] bytes)
    {
      foreach (byte each in bytes)
        if (each != 0) return false;
      return true;
    }

    /// <summary>::ffff:0:0/96 (RFC 4291, 2.5.5.2).</summary>
    public static bool IsMapped(byte[] address)
    {
      if (address.Length != 16 || address[10] != 0xff || address[11] != 0xff) return false;
      for (int i = 0; i < 10; i++)
        if (address[i] != 0) return false;
      return true;
    }

    /// <summary>16 bytes as packets have them.</summary>
    public static byte[] ToWire(byte[] address)
    {
      if (address.Length == 16) return address;
      var wire = new byte[16];
      wire[10] = wire[11] = 0xff;
      Buffer.BlockCopy(address, 0, wire, 12, 4);
      return wire;
    }

    /// <summary>4 bytes for IPv4, 16 for IPv6.</summary>
    public static byte[] FromWire(byte[] address) => IsMapped(address) ? Slice(address, 12, 4) : address;
  }
}
