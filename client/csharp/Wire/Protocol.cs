// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
namespace Onedoor
{
  /// <summary>The numbers of docs/PROTOCOL.md, section 9.</summary>
  public static class Protocol
  {
    /// <summary>Bytes of any packet.</summary>
    public const int MaxPacketBytes = 1200;
    /// <summary>To which requests to the door are padded.</summary>
    public const int DoorRequestBytes = 800;
    /// <summary>To which keepalives are padded.</summary>
    public const int KeepaliveRequestBytes = 96;
    /// <summary>Header and nonce: the least of an extended packet.</summary>
    public const int MinExtendedBytes = 31;
    /// <summary>Length, Type and Address.</summary>
    public const int HeaderBytes = 20;
    /// <summary>Bytes of a nonce.</summary>
    public const int NonceBytes = 8;
    /// <summary>Bytes of a cookie.</summary>
    public const int CookieBytes = 20;
    /// <summary>Options in a packet, known or not.</summary>
    public const int MaxOptions = 16;
    /// <summary>Bytes of app, world and group.</summary>
    public const int MaxNameBytes = 32;
    /// <summary>Bytes of a client's identity.</summary>
    public const int MaxClientBytes = 32;
    /// <summary>Bytes of a server's id.</summary>
    public const int MaxServerIdBytes = 24;
    /// <summary>Bytes of a ticket.</summary>
    public const int MaxTicketBytes = 760;
    /// <summary>Bytes of a wait token.</summary>
    public const int MaxWaitBytes = 400;
    /// <summary>Servers in option avoid.</summary>
    public const int MaxAvoid = 3;
    /// <summary>The packet type, unless the deployment sets another.</summary>
    public const int ProbeType = 0xffff;
    /// <summary>Probe port of the door, and of slot 0 of a server, unless the deployment sets others.</summary>
    public const int ProbePort = 7000;

    /// <summary>Whether a packet can have this Length.</summary>
    public static bool IsLength(int length) => length == 8 || length == 20 || length >= MinExtendedBytes;
  }

  internal static class Option
  {
    public const int Padding = 0x00, Nonce = 0x01, App = 0x02, World = 0x03, Group = 0x04, Client = 0x05, Ticket = 0x06,
      Avoid = 0x07, Cookie = 0x08, Want = 0x09, Report = 0x0a, Wait = 0x0b, Page = 0x0c, Pick = 0x0d, Leave = 0x0e,
      FirstOfResponses = 0x80, Server = 0x81, Ports = 0x82, OtherAddress = 0x83, Keepalive = 0x84, Alternates = 0x85,
      Moving = 0x86, RosterPage = 0x87, LobbyPage = 0x88, Error = 0xe0;
  }
}
