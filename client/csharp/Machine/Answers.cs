// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System.Collections.Generic;

namespace Onedoor
{
  internal enum AnswerKind
  {
    Alive,
    /// <summary>Alive, but asks for patience.</summary>
    Later,
    /// <summary>Alive, and the answer needs a longer request.</summary>
    NeedsRoom,
    /// <summary>The server ends its sessions; without a grant it cannot say yet where to go.</summary>
    Moving,
    Refused,
  }

  /// <summary>What an agent's answer to a keepalive says.</summary>
  internal sealed class KeepaliveAnswer
  {
    public AnswerKind Kind;
    public long RetryAfterMs;
    public string Code;
    public long? EndsInMs;
    public Grant Grant;
    public bool NeedsRoom;
  }

  /// <summary>What answers mean.</summary>
  internal static class Answers
  {
    /// <summary>An extended response, or null: malformed, classic and other packets are ignored alike.</summary>
    public static Response Read(byte[] bytes, int length, int type)
    {
      DropReason reason;
      Response response = Response.Read(bytes, length, type, out reason);
      return response != null && response.Classic == 0 ? response : null;
    }

    /// <summary>All zeroes, of either family.</summary>
    private static bool IsNowhere(byte[] address) => Bytes.IsZero(Bytes.FromWire(address));

    /// <summary>The door's answer to a request of `family`; null if it names a server of the other one.</summary>
    public static DoorAnswer OfDoor(Response response, int family, Names names)
    {
      if (response.Error.HasValue)
      {
        string detail = response.Reason == "" ? null : response.Reason;
        return new DoorAnswer(Codes.OfWire(response.Error.Value), response.RetryAfterMs, detail);
      }
      // All zeroes without an error: "try again later" (docs/PROTOCOL.md, "The classic packet").
      if (IsNowhere(response.Address)) return new DoorAnswer(Codes.Unavailable, 0, null);
      if (Bytes.IsMapped(response.Address) != (family == 4)) return null;
      return new DoorAnswer(GrantOf(response, names));
    }

    public static KeepaliveAnswer OfServer(Response response, Server server)
    {
      if (response.Error.HasValue) return Judge(Codes.OfWire(response.Error.Value), response.RetryAfterMs);
      bool zero = IsNowhere(response.Address);
      if (!zero && IsOther(response, server))
      {
        Grant grant = Nat64.GrantLike(GrantOf(response, server.Names), server.AddressBytes);
        // An answer that names another server by address alone means the same ports there.
        if (grant.Server.PortsByRole.Count == 0)
          grant = grant.On(grant.Server.With(grant.Server.Id, server.PortsByRole), grant.Alternates);
        return new KeepaliveAnswer { Kind = AnswerKind.Moving, EndsInMs = response.MovingMs, Grant = grant };
      }
      if (response.MovingMs.HasValue)
        return new KeepaliveAnswer { Kind = AnswerKind.Moving, EndsInMs = response.MovingMs, NeedsRoom = zero };
      return new KeepaliveAnswer { Kind = AnswerKind.Alive };
    }

    private static KeepaliveAnswer Judge(string code, long retryAfterMs)
    {
      switch (code)
      {
        case Codes.RequestTooSmall:
          return new KeepaliveAnswer { Kind = AnswerKind.NeedsRoom };
        case Codes.RateLimited:
        case Codes.CookieRequired:
        case Codes.Unavailable:
          return new KeepaliveAnswer { Kind = AnswerKind.Later, RetryAfterMs = retryAfterMs };
        default:
          return new KeepaliveAnswer { Kind = AnswerKind.Refused, Code = code };
      }
    }

    /// <summary>
    /// Several servers of one machine share its address, so the id decides where there is one; a server that answers
    /// with its address of the other family is itself.
    /// </summary>
    private static bool IsOther(Response response, Server server)
    {
      if (response.Server != null && server.Id != "") return response.Server != server.Id;
      byte[] address = Nat64.ReachedLike(Bytes.FromWire(response.Address), server.AddressBytes);
      if (Bytes.Same(address, server.AddressBytes)) return false;
      return server.OtherAddressBytes == null || !Bytes.Same(address, server.OtherAddressBytes);
    }

    private static Grant GrantOf(Response response, Names names)
    {
      bool hasOther = response.OtherAddress != null && !IsNowhere(response.OtherAddress);
      byte[] other = hasOther ? Bytes.FromWire(response.OtherAddress) : null;
      Dictionary<string, int> ports = PortsOf(response.Ports);
      var server = new Server(response.Server ?? "", Bytes.FromWire(response.Address), other, ports, names);
      var alternates = new List<Server>();
      foreach (Alternate each in response.Alternates ?? new Alternate[0])
      {
        // Nobody lives at all zeroes, and a connection there would reach this machine itself.
        if (IsNowhere(each.Address)) continue;
        var portsThere = new Dictionary<string, int> { { "game", each.GamePort }, { "probe", each.ProbePort } };
        alternates.Add(new Server("", Bytes.FromWire(each.Address), null, portsThere, names));
      }
      return new Grant(server, response.Ticket, response.Keepalive ?? KeepaliveTiming.Default, alternates);
    }

    /// <summary>The server behind an answered keepalive: what the answer adds is newer than what was known.</summary>
    public static Server Enrich(Server server, Response response)
    {
      if (response.Ports == null && (response.Server == null || response.Server == server.Id)) return server;
      var ports = new Dictionary<string, int>(server.PortsByRole);
      foreach (KeyValuePair<string, int> each in PortsOf(response.Ports)) ports[each.Key] = each.Value;
      return server.With(response.Server ?? server.Id, ports);
    }

    /// <summary>The first counts if a role is named twice.</summary>
    private static Dictionary<string, int> PortsOf(ServerPort[] ports)
    {
      var named = new Dictionary<string, int>();
      foreach (ServerPort each in ports ?? new ServerPort[0])
      {
        string role = Server.RoleName(each.Role);
        if (!named.ContainsKey(role)) named.Add(role, each.Port);
      }
      return named;
    }
  }
}
