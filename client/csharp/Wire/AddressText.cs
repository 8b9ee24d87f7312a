// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System.Text;

namespace Onedoor
{
  /// <summary>
  /// Numeric addresses as text, alike on every runtime: IPAddress.Parse takes "1" and "01.2.3.4", and Mono's misreads
  /// some addresses that have "::".
  /// </summary>
  internal static class AddressText
  {
    /// <summary>
    /// 4 or 16 bytes, a mapped address as 4; null if the text is no address (RFC 4291, 2.2; no zones).
    /// </summary>
    public static byte[] Parse(string text)
    {
      if (text == null) return null;
      if (text.IndexOf(':') < 0) return ParseIpv4(text);
      byte[] address = ParseIpv6(text);
      return address == null ? null : Bytes.FromWire(address);
    }

    /// <summary>The form of RFC 5952.</summary>
    public static string Format(byte[] address)
    {
      if (address.Length == 4) return address[0] + "." + address[1] + "." + address[2] + "." + address[3];
      int gapAt = 8, gapLength = 1;
      for (int at = 0; at < 8; at++)
      {
        int length = 0;
        while (at + length < 8 && Bytes.U16(address, 2 * (at + length)) == 0) length++;
        if (length > gapLength)
        {
          gapAt = at;
          gapLength = length;
        }
      }
      var text = new StringBuilder();
      for (int at = 0; at < 8; at++)
      {
        if (at == gapAt)
        {
          text.Append("::");
          at += gapLength - 1;
          continue;
        }
        if (text.Length > 0 && text[text.Length - 1] != ':') text.Append(':');
        text.Append(Bytes.U16(address, 2 * at).ToString("x"));
      }
      return text.ToString();
    }

    private static byte[] ParseIpv4(string text)
    {
      string[] parts = text.Split('.');
      var address = new byte[4];
      if (parts.Length != 4) return null;
      for (int i = 0; i < 4; i++)
      {
        // A leading zero would mean octal to some readers.
        int value = Number(parts[i], 10, 3);
        if (value < 0 || value > 255 || (parts[i].Length > 1 && parts[i][0] == '0')) return null;
        address[i] = (byte)value;
      }
      return address;
    }

    private static byte[] ParseIpv6(string text)
    {
      int gap = text.IndexOf("::", System.StringComparison.Ordinal);
      byte[] head = Groups(gap < 0 ? text : text.Substring(0, gap), gap < 0);
      byte[] tail = gap < 0 ? new byte[0] : Groups(text.Substring(gap + 2), true);
      if (head == null || tail == null) return null;
      int length = head.Length + tail.Length;
      if (gap < 0 ? length != 16 : length > 14) return null;
      var address = new byte[16];
      head.CopyTo(address, 0);
      tail.CopyTo(address, 16 - tail.Length);
      return address;
    }

    /// <summary>Groups with a colon between each; the last may be an IPv4 address where the text ends here.</summary>
    private static byte[] Groups(string text, bool isEnd)
    {
      if (text == "") return new byte[0];
      string[] parts = text.Split(':');
      bool hasIpv4 = isEnd && parts[parts.Length - 1].IndexOf('.') >= 0;
      int groups = hasIpv4 ? parts.Length - 1 : parts.Length;
      if (groups > 8) return null;
      var bytes = new byte[2 * groups + (hasIpv4 ? 4 : 0)];
      for (int i = 0; i < groups; i++)
      {
        int value = Number(parts[i], 16, 4);
        if (value < 0) return null;
        bytes[2 * i] = (byte)(value >> 8);
        bytes[2 * i + 1] = (byte)value;
      }
      if (!hasIpv4) return bytes;
      byte[] ipv4 = ParseIpv4(parts[groups]);
      if (ipv4 == null) return null;
      ipv4.CopyTo(bytes, 2 * groups);
      return bytes;
    }

    private static int Number(string digits, int radix, int most)
    {
      int value = 0;
      if (digits.Length == 0 || digits.Length > most) return -1;
      foreach (char each in digits)
      {
        int digit = "0123456789abcdef".IndexOf(char.ToLowerInvariant(each));
        if (digit < 0 || digit >= radix) return -1;
        value = value * radix + digit;
      }
      return value;
    }
  }
}
