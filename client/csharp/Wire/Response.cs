// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
namespace Onedoor
{
  /// <summary>A port of a server with its role: 0 game, 1 probe, 2 lobby, 3 voice, others named by the app.</summary>
  public struct ServerPort
  {
    /// <summary>The role's number.</summary>
    public int Role;
    /// <summary>UDP or TCP port.</summary>
    public int Port;
  }

  /// <summary>A fallback as a packet has it.</summary>
  public struct Alternate
  {
    /// <summary>16 bytes, IPv4 mapped.</summary>
    public byte[] Address;
    /// <summary>Where to play.</summary>
    public int GamePort;
    /// <summary>Where to send keepalives.</summary>
    public int ProbePort;
  }

  /// <summary>
  /// A response of docs/PROTOCOL.md, section 2; null is an option that is not there. Bytes are copies. Pages are
  /// checked, not taken apart.
  /// </summary>
  public sealed partial class Response
  {
    /// <summary>4 or 6: a classic packet, which has an address and nothing else. 0: extended.</summary>
    public int Classic { get; private set; }
    /// <summary>16 bytes, IPv4 mapped, zeroes: no server. Classic: 4 or 16 bytes.</summary>
    public byte[] Address { get; private set; }
    /// <summary>8 bytes.</summary>
    public byte[] Nonce { get; private set; }
    /// <summary>The seat.</summary>
    public string Ticket { get; private set; }
    /// <summary>20 bytes to echo.</summary>
    public byte[] Cookie { get; private set; }
    /// <summary>A wait token.</summary>
    public string Wait { get; private set; }
    /// <summary>Id of the server.</summary>
    public string Server { get; private set; }
    /// <summary>1 to 16 ports.</summary>
    public ServerPort[] Ports { get; private set; }
    /// <summary>16 bytes: the server in the other family.</summary>
    public byte[] OtherAddress { get; private set; }
    /// <summary>When to send keepalives.</summary>
    public KeepaliveTiming Keepalive { get; private set; }
    /// <summary>One or two, best first.</summary>
    public Alternate[] Alternates { get; private set; }
    /// <summary>Milliseconds until the server ends its sessions.</summary>
    public uint? MovingMs { get; private set; }
    /// <summary>A page of the roster, as it came.</summary>
    public byte[] RosterPage { get; private set; }
    /// <summary>A page of the lobby, as it came.</summary>
    public byte[] LobbyPage { get; private set; }
    /// <summary>Number of the error; see <see cref="Codes.OfWire" />.</summary>
    public int? Error { get; private set; }
    /// <summary>Beside an error: when to ask again.</summary>
    public uint RetryAfterMs { get; private set; }
    /// <summary>Beside an error: a text for people, which may be empty.</summary>
    public string Reason { get; private set; }

    private Response()
    {
    }

    /// <summary>
    /// Reads one packet: the first `length` of `bytes`. Total: any bytes give a response, or null and the first reason
    /// of the list that applies; nothing is thrown.
    /// </summary>
    public static Response Read(byte[] bytes, int length, int type, out DropReason reason)
    {
      reason = CheckHeader(bytes, length, type);
      if (reason != DropReason.None) return null;
      var response = new Response();
      if (length < Protocol.MinExtendedBytes)
      {
        response.Classic = length == 8 ? 4 : 6;
        response.Address = Bytes.Slice(bytes, 4, length - 4);
        return response;
      }
      response.Address = Bytes.Slice(bytes, 4, 16);
      reason = response.ReadOptions(bytes, length);
      return reason == DropReason.None ? response : null;
    }

    /// <summary>Items 1 to 5.</summary>
    private static DropReason CheckHeader(byte[] bytes, int length, int type)
    {
      if (length < 8) return DropReason.Short;
      if (length > Protocol.MaxPacketBytes) return DropReason.Long;
      if (Bytes.U16(bytes, 0) != length) return DropReason.LengthMismatch;
      if (!Protocol.IsLength(length)) return DropReason.LengthInvalid;
      return Bytes.U16(bytes, 2) == type ? DropReason.None : DropReason.WrongType;
    }

    /// <summary>The structure of all options before the value of any: items 6 to 8, then 9 to 12.</summary>
    private DropReason ReadOptions(byte[] bytes, int length)
    {
      var seen = new bool[256];
      bool repeated = false, isResponse = false;
      int count = 0;
      for (int at = Protocol.HeaderBytes; at < length; count++)
      {
        int code = bytes[at];
        if (length - at < 3) return DropReason.OptionPastEnd;
        at += 3 + Bytes.U16(bytes, at + 1);
        if (at > length) return DropReason.OptionPastEnd;
        repeated |= seen[code];
        seen[code] = true;
        isResponse |= code >= Option.FirstOfResponses;
      }
      if (count > Protocol.MaxOptions) return DropReason.TooManyOptions;
      if (repeated) return DropReason.OptionRepeated;
      // The values of a request's options do not matter to who reads responses, but for the ones that both have.
      bool notUtf8 = false;
      for (int at = Protocol.HeaderBytes; isResponse && at < length; at += 3 + Bytes.U16(bytes, at + 1))
      {
        DropReason fault = ReadOption(bytes[at], bytes, at + 3, Bytes.U16(bytes, at + 1));
        if (fault == DropReason.ValueSize) return fault;
        notUtf8 |= fault == DropReason.NotUtf8;
      }
      if (notUtf8) return DropReason.NotUtf8;
      if (!seen[Option.Nonce]) return DropReason.NoNonce;
      return isResponse ? DropReason.None : DropReason.WrongRole;
    }
  }
}
