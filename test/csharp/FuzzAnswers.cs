// Answers as a door or an agent might give them, and ways to damage them.
using System;
using System.Collections.Generic;
using System.Text;

/// <summary>xorshift64: the same seed, the same numbers.</summary>
internal sealed class FuzzRandom
{
  private ulong _state;

  public FuzzRandom(int seed)
  {
    _state = (ulong)seed * 0x9e3779b97f4a7c15UL + 1;
  }

  public int Below(int most)
  {
    _state ^= _state << 13;
    _state ^= _state >> 7;
    _state ^= _state << 17;
    return (int)((_state >> 20) % (ulong)most);
  }

  public byte[] Bytes(int length)
  {
    var bytes = new byte[length];
    for (int i = 0; i < length; i++) bytes[i] = (byte)Below(256);
    return bytes;
  }
}

internal sealed class FuzzAnswers
{
  private readonly FuzzRandom _draw;
  private int _addresses;

  public FuzzAnswers(FuzzRandom draw)
  {
    _draw = draw;
  }

  public byte[] Answer(byte[] nonce, bool isIpv6)
  {
    var packet = new List<byte> { 0, 0, 0xff, 0xff };
    int kind = _draw.Below(8);
    packet.AddRange(kind < 6 ? Address(isIpv6) : new byte[16]);
    Put(packet, 0x01, nonce);
    if (_draw.Below(2) > 0) Put(packet, 0x06, Encoding.ASCII.GetBytes(new string('t', 1 + _draw.Below(560))));
    byte[] id = Encoding.ASCII.GetBytes("i-0123456789abcdef0.0");
    if (_draw.Below(4) > 0) Put(packet, 0x81, id, 1 + _draw.Below(id.Length));
    byte[] ports = { 0, 0x1e, 0x61, 1, 0x1b, 0x58, 16, 1, 2 };
    if (_draw.Below(3) > 0) Put(packet, 0x82, ports, 3 * (1 + _draw.Below(3)));
    if (_draw.Below(3) > 0)
    {
      Put(packet, 0x84, new byte[]
      {
        0, (byte)_draw.Below(4), 0, (byte)_draw.Below(20), (byte)_draw.Below(4), (byte)_draw.Below(256),
      });
    }
    if (_draw.Below(3) == 0) Put(packet, 0x85, Alternates(isIpv6));
    if (_draw.Below(5) == 0) Put(packet, 0x86, _draw.Bytes(4));
    if (_draw.Below(9) == 0) Put(packet, 0x88, _draw.Bytes(21 + _draw.Below(40)));
    if (_draw.Below(9) == 0) Put(packet, 0x87, _draw.Bytes(8 + _draw.Below(60)));
    if (_draw.Below(9) == 0) Put(packet, 0x0b, Encoding.ASCII.GetBytes("wait-token"));
    if (kind == 7)
    {
      byte code = (byte)_draw.Below(12);
      Put(packet, 0xe0, new byte[] { 0, code, 0, 0, (byte)_draw.Below(3), 0 });
      if (code == 9) Put(packet, 0x08, _draw.Bytes(20));
    }
    SetLength(packet);
    return packet.ToArray();
  }

  public byte[] Damaged(byte[] answer)
  {
    var packet = new List<byte>(answer);
    for (int times = _draw.Below(4); times > 0 && packet.Count > 2; times--)
    {
      int at = _draw.Below(packet.Count);
      switch (_draw.Below(5))
      {
        case 0:
          packet[at] ^= (byte)(1 << _draw.Below(8));
          break;
        case 1:
          packet[at] = (byte)_draw.Below(256);
          break;
        case 2:
          packet.RemoveRange(at, packet.Count - at);
          if (packet.Count > 1 && _draw.Below(2) > 0) SetLength(packet);
          break;
        case 3:
          packet.InsertRange(at, _draw.Bytes(1 + _draw.Below(30)));
          if (_draw.Below(2) > 0) SetLength(packet);
          break;
        default:
          int count = Math.Min(1 + _draw.Below(30), packet.Count - at);
          packet.AddRange(packet.GetRange(at, count));
          if (_draw.Below(2) > 0) SetLength(packet);
          break;
      }
    }
    return packet.ToArray();
  }

  public static int IndexOf(byte[] packet, byte[] wanted)
  {
    for (int at = 0; at + wanted.Length <= packet.Length; at++)
    {
      int same = 0;
      while (same < wanted.Length && packet[at + same] == wanted[same]) same++;
      if (same == wanted.Length) return at;
    }
    return -1;
  }

  /// <summary>Whether 16 bytes may be the address of an alternate: first or second in an option of that code.</summary>
  public static bool IsAlternate(byte[] packet, int at)
  {
    return (at >= 23 && packet[at - 3] == 0x85) || (at >= 43 && packet[at - 23] == 0x85);
  }

  private byte[] Alternates(bool isIpv6)
  {
    var value = new List<byte>();
    for (int count = 1 + _draw.Below(2); count > 0; count--)
    {
      value.AddRange(Address(isIpv6));
      value.AddRange(new byte[] { 0x1e, 0x61, 0x1b, 0x58 });
    }
    return value.ToArray();
  }

  private byte[] Address(bool isIpv6)
  {
    _addresses++;
    var address = new byte[16];
    if (isIpv6) address[0] = 0x20;
    else address[10] = address[11] = 0xff;
    // Now and then nowhere.
    if (_draw.Below(20) == 0)
    {
      address[0] = 0;
      return address;
    }
    address[12] = 10;
    address[13] = (byte)(_addresses >> 16);
    address[14] = (byte)(_addresses >> 8);
    address[15] = (byte)_addresses;
    return address;
  }

  private static void Put(List<byte> packet, int code, byte[] value) => Put(packet, code, value, value.Length);

  private static void Put(List<byte> packet, int code, byte[] value, int length)
  {
    packet.Add((byte)code);
    packet.Add((byte)(length >> 8));
    packet.Add((byte)length);
    for (int i = 0; i < length; i++) packet.Add(value[i]);
  }

  private static void SetLength(List<byte> packet)
  {
    packet[0] = (byte)(packet.Count >> 8);
    packet[1] = (byte)packet.Count;
  }
}
