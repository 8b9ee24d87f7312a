// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System;
using System.Collections.Generic;

namespace Onedoor
{
  /// <summary>64:ff9b::/96, the well-known prefix of translators to IPv4 (RFC 6052, section 2.1).</summary>
  internal static class Nat64
  {
    private static readonly byte[] Prefix = { 0x00, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0 };

    private static bool IsTranslated(byte[] address)
    {
      if (address.Length != 16) return false;
      for (int i = 0; i < Prefix.Length; i++)
        if (address[i] != Prefix[i]) return false;
      return true;
    }

    /// <summary>The family of addresses that the other side knows: what is to be asked for.</summary>
    public static int FamilyBehind(byte[] address) => address.Length == 4 || IsTranslated(address) ? 4 : 6;

    /// <summary>`address` as it is reached from where `like` was reached.</summary>
    public static byte[] ReachedLike(byte[] address, byte[] like)
    {
      if (address.Length != 4 || !IsTranslated(like)) return address;
      var translated = new byte[16];
      Buffer.BlockCopy(Prefix, 0, translated, 0, 12);
      Buffer.BlockCopy(address, 0, translated, 12, 4);
      return translated;
    }

    public static Grant GrantLike(Grant grant, byte[] like)
    {
      if (!IsTranslated(like)) return grant;
      var alternates = new List<Server>();
      foreach (Server each in grant.Alternates) alternates.Add(each.At(ReachedLike(each.AddressBytes, like)));
      return grant.On(grant.Server.At(ReachedLike(grant.Server.AddressBytes, like)), alternates);
    }
  }
}
