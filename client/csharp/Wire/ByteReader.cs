// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System.Text;

namespace Onedoor
{
  /// <summary>
  /// A cursor over part of a packet that goes on after a fault: a wrong size anywhere hides a text that is not UTF-8.
  /// </summary>
  internal struct ByteReader
  {
    private readonly byte[] _bytes;
    private readonly int _end;

    public ByteReader(byte[] bytes, int start, int length)
    {
      _bytes = bytes;
      _end = start + length;
      At = start;
      Fault = DropReason.None;
    }

    public int At { get; private set; }
    public DropReason Fault { get; private set; }
    public bool IsAtEnd => At >= _end;

    public uint Number(int size)
    {
      if (!Skip(size)) return 0;
      uint value = 0;
      for (int at = At - size; at < At; at++) value = (value << 8) | _bytes[at];
      return value;
    }

    public bool Skip(int size)
    {
      if (Fault == DropReason.ValueSize || _end - At < size)
      {
        Fail(DropReason.ValueSize);
        return false;
      }
      At += size;
      return true;
    }

    /// <summary>Looks at a text of so many bytes.</summary>
    public void Text(int length, int least, int most)
    {
      if (length < least || length > most) Fail(DropReason.ValueSize);
      if (Skip(length) && !Utf8.IsValid(_bytes, At - length, length)) Fail(DropReason.NotUtf8);
    }

    /// <summary>A text after a byte with its length.</summary>
    public void ShortText(int least, int most) => Text((int)Number(1), least, most);

    /// <summary>
    /// The next part of a page: `size: 1` and so many bytes; a later version may add some at its end.
    /// </summary>
    public ByteReader Part()
    {
      int size = (int)Number(1);
      int start = At;
      return Skip(size) ? new ByteReader(_bytes, start, size) : new ByteReader(_bytes, start, 0);
    }

    public void Fail(DropReason reason)
    {
      if (reason == DropReason.ValueSize) At = _end;
      if (reason != DropReason.None && Fault != DropReason.ValueSize) Fault = reason;
    }
  }

  internal static class Utf8
  {
    /// <summary>RFC 3629, section 4: the range of the second byte keeps out overlong forms and surrogates.</summary>
    public static bool IsValid(byte[] bytes, int at, int length)
    {
      int end = at + length;
      while (at < end)
      {
        int first = bytes[at];
        if (first < 0x80)
        {
          at++;
          continue;
        }
        int size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
        if (first < 0xc2 || first > 0xf4 || size > end - at) return false;
        int low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
        int high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
        if (bytes[at + 1] < low || bytes[at + 1] > high) return false;
        for (int tail = 2; tail < size; tail++)
          if ((bytes[at + tail] & 0xc0) != 0x80) return false;
        at += size;
      }
      return true;
    }

    public static string Decode(byte[] bytes, int at, int length) => Encoding.UTF8.GetString(bytes, at, length);

    /// <summary>The bytes of a text; null if it has a surrogate without its other half, or not so many bytes.</summary>
    public static byte[] Encode(string text, int least, int most)
    {
      try
      {
        byte[] bytes = new UTF8Encoding(false, true).GetBytes(text);
        return bytes.Length >= least && bytes.Length <= most ? bytes : null;
      }
      catch (EncoderFallbackException)
      {
        return null;
      }
    }
  }
}
