// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
namespace Onedoor
{
  public sealed partial class Response
  {
    /// <summary>
    /// ValueSize, NotUtf8 or None. What the table gives to requests alone is skipped, whatever its size.
    /// </summary>
    private DropReason ReadOption(int code, byte[] bytes, int at, int length)
    {
      string text;
      DropReason fault;
      switch (code)
      {
        case Option.Nonce:
          Nonce = Bytes.Slice(bytes, at, length);
          return Sized(length == Protocol.NonceBytes);
        case Option.Ticket:
          fault = ReadText(bytes, at, length, Protocol.MaxTicketBytes, out text);
          Ticket = text;
          return fault;
        case Option.Cookie:
          Cookie = Bytes.Slice(bytes, at, length);
          return Sized(length == Protocol.CookieBytes);
        case Option.Wait:
          fault = ReadText(bytes, at, length, Protocol.MaxWaitBytes, out text);
          Wait = text;
          return fault;
        case Option.Server:
          fault = ReadText(bytes, at, length, Protocol.MaxServerIdBytes, out text);
          Server = text;
          return fault;
        case Option.Ports:
          return ReadPorts(bytes, at, length);
        case Option.OtherAddress:
          OtherAddress = Bytes.Slice(bytes, at, length);
          return Sized(length == 16);
        case Option.Keepalive:
          if (length != 6) return DropReason.ValueSize;
          Keepalive = new KeepaliveTiming(
            Bytes.U16(bytes, at), Bytes.U16(bytes, at + 2), Bytes.U16(bytes, at + 4));
          return DropReason.None;
        case Option.Alternates:
          return ReadAlternates(bytes, at, length);
        case Option.Moving:
          if (length != 4) return DropReason.ValueSize;
          MovingMs = Bytes.U32(bytes, at);
          return DropReason.None;
        case Option.RosterPage:
          RosterPage = Bytes.Slice(bytes, at, length);
          return length < 8 ? DropReason.ValueSize : CheckRoster(new ByteReader(bytes, at + 8, length - 8));
        case Option.LobbyPage:
          LobbyPage = Bytes.Slice(bytes, at, length);
          return length < 21 ? DropReason.ValueSize : CheckLobby(new ByteReader(bytes, at, length));
        case Option.Error:
          if (length < 6) return DropReason.ValueSize;
          Error = Bytes.U16(bytes, at);
          RetryAfterMs = Bytes.U32(bytes, at + 2);
          fault = ReadText(bytes, at + 6, length - 6, 64, out text, 0);
          Reason = text;
          return fault;
        default:
          return DropReason.None;
      }
    }

    private static DropReason Sized(bool isRight) => isRight ? DropReason.None : DropReason.ValueSize;

    private static DropReason ReadText(byte[] bytes, int at, int length, int most, out string text, int least = 1)
    {
      text = null;
      if (length < least || length > most) return DropReason.ValueSize;
      if (!Utf8.IsValid(bytes, at, length)) return DropReason.NotUtf8;
      text = Utf8.Decode(bytes, at, length);
      return DropReason.None;
    }

    private DropReason ReadPorts(byte[] bytes, int at, int length)
    {
      if (length < 3 || length > 48 || length % 3 != 0) return DropReason.ValueSize;
      Ports = new ServerPort[length / 3];
      for (int i = 0; i < Ports.Length; i++, at += 3)
        Ports[i] = new ServerPort { Role = bytes[at], Port = Bytes.U16(bytes, at + 1) };
      return DropReason.None;
    }

    private DropReason ReadAlternates(byte[] bytes, int at, int length)
    {
      if (length != 20 && length != 40) return DropReason.ValueSize;
      Alternates = new Alternate[length / 20];
      for (int i = 0; i < Alternates.Length; i++, at += 20)
      {
        Alternates[i] = new Alternate
        {
          Address = Bytes.Slice(bytes, at, 16),
          GamePort = Bytes.U16(bytes, at + 16),
          ProbePort = Bytes.U16(bytes, at + 18),
        };
      }
      return DropReason.None;
    }

    /// <summary>The entries of docs/PROTOCOL.md, "Roster page".</summary>
    private static DropReason CheckRoster(ByteReader page)
    {
      for (bool isFirst = true; !page.IsAtEnd; isFirst = false)
      {
        ByteReader entry = page.Part();
        if (page.Fault == DropReason.ValueSize) return DropReason.ValueSize;
        entry.ShortText(1, Protocol.MaxServerIdBytes);
        entry.Skip(13);
        int group = (int)entry.Number(1);
        // 0xFF: the group of the entry before.
        if (group != 0xff) entry.Text(group, 0, Protocol.MaxNameBytes);
        else if (isFirst) entry.Fail(DropReason.ValueSize);
        int shape = (int)entry.Number(1);
        entry.Skip(((shape & 1) != 0 ? 4 : 0) + ((shape & 2) != 0 ? 16 : 0) + 3 * (shape >> 4));
        if (entry.Fault == DropReason.ValueSize) return DropReason.ValueSize;
        page.Fail(entry.Fault);
      }
      return page.Fault;
    }

    /// <summary>docs/PROTOCOL.md, "Lobby page".</summary>
    private static DropReason CheckLobby(ByteReader page)
    {
      page.Skip(16);
      page.ShortText(1, Protocol.MaxNameBytes);
      page.ShortText(0, Protocol.MaxNameBytes);
      page.Text((int)page.Number(2), 0, 512);
      while (!page.IsAtEnd && page.Fault != DropReason.ValueSize)
      {
        ByteReader participant = page.Part();
        if (page.Fault == DropReason.ValueSize) break;
        participant.ShortText(1, Protocol.MaxNameBytes);
        participant.ShortText(0, 64);
        page.Fail(participant.Fault);
      }
      return page.Fault;
    }
  }
}
