// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System.Collections.Generic;
using System.Net;

namespace Onedoor
{
  /// <summary>Where packets go.</summary>
  public sealed class Endpoint
  {
    /// <summary>4 bytes are IPv4, 16 IPv6; never a mapped address.</summary>
    public readonly byte[] Address;
    /// <summary>UDP or TCP port.</summary>
    public readonly int Port;

    /// <summary>An address of 4 or 16 bytes, and a port.</summary>
    public Endpoint(byte[] address, int port)
    {
      Address = Bytes.FromWire(address);
      Port = port;
    }

    internal int Family => Address.Length == 4 ? 4 : 6;

    internal bool IsSame(Endpoint other) => Port == other.Port && Bytes.Same(Address, other.Address);

    internal IPEndPoint ToIPEndPoint() => new IPEndPoint(new IPAddress(Address), Port);
  }

  /// <summary>A server as an answer named it. It never changes; another answer gives another object.</summary>
  public sealed class Server
  {
    private static readonly string[] RoleNames = { "game", "probe", "lobby", "voice" };

    internal readonly byte[] AddressBytes;
    internal readonly byte[] OtherAddressBytes;
    internal readonly Dictionary<string, int> PortsByRole;

    /// <summary>Short id, unique in the deployment; "" as long as an alternate has not answered.</summary>
    public string Id { get; }
    /// <summary>As the answer says, else as asked for; may be null.</summary>
    public string App { get; }
    /// <summary>As the answer says, else as asked for; may be null.</summary>
    public string World { get; }
    /// <summary>As the answer says, else as asked for; may be null.</summary>
    public string Group { get; }

    internal Server(string id, byte[] address, byte[] other, Dictionary<string, int> ports, Names names)
    {
      Id = id;
      AddressBytes = address;
      OtherAddressBytes = other;
      PortsByRole = ports;
      App = names.App;
      World = names.World;
      Group = names.Group;
    }

    /// <summary>Public address to send game traffic to.</summary>
    public IPAddress Address => new IPAddress(AddressBytes);

    /// <summary>The same server in the other family; null if it has no address there.</summary>
    public IPAddress OtherAddress => OtherAddressBytes == null ? null : new IPAddress(OtherAddressBytes);

    /// <summary>
    /// Roles that have a port: `game`, `probe`, `lobby`, `voice`, or the number of a role of the app.
    /// </summary>
    public ICollection<string> Roles => PortsByRole.Keys;

    /// <summary>The port of a role; `otherwise` if the answer named none: the app's well-known port.</summary>
    public int Port(string role, int otherwise)
    {
      int port;
      return PortsByRole.TryGetValue(role, out port) ? port : otherwise;
    }

    /// <summary>Where to play: the port of role `game`, or the app's well-known one.</summary>
    public IPEndPoint GameEndPoint(int wellKnownPort) => new IPEndPoint(Address, Port("game", wellKnownPort));

    internal Endpoint Probe => new Endpoint(AddressBytes, Port("probe", Protocol.ProbePort));

    internal Names Names => new Names(App, World, Group);

    internal Server At(byte[] address) =>
      address == AddressBytes ? this : new Server(Id, address, OtherAddressBytes, PortsByRole, Names);

    internal Server With(string id, Dictionary<string, int> ports) =>
      new Server(id, AddressBytes, OtherAddressBytes, ports, Names);

    internal static string RoleName(int role) => role < RoleNames.Length ? RoleNames[role] : role.ToString();
  }

  internal struct Names
  {
    public readonly string App, World, Group;

    public Names(string app, string world, string group)
    {
      App = app;
      World = world;
      Group = group;
    }
  }

  /// <summary>When keepalives are sent, as a server set it.</summary>
  public sealed class KeepaliveTiming
  {
    /// <summary>Until a server says otherwise: NATs forget idle UDP mappings after 30 s.</summary>
    public static readonly KeepaliveTiming Default = new KeepaliveTiming(20, 10, 700);

    /// <summary>Seconds between keepalives.</summary>
    public readonly int IntervalSeconds;
    /// <summary>Datagrams of the game between keepalives; 0: by time alone.</summary>
    public readonly int Transmissions;
    /// <summary>How long an answer is waited for.</summary>
    public readonly int TimeoutMs;

    /// <summary>The three numbers of option keepalive.</summary>
    public KeepaliveTiming(int intervalSeconds, int transmissions, int timeoutMs)
    {
      IntervalSeconds = intervalSeconds;
      Transmissions = transmissions;
      TimeoutMs = timeoutMs;
    }

    // Within bounds: a wrong number must neither silence a client nor make it flood.
    internal long IntervalMs => System.Math.Max(IntervalSeconds * 1000L, Timing.MinIntervalMs);
    internal long BoundTimeoutMs =>
      System.Math.Min(System.Math.Max(TimeoutMs, Timing.MinTimeoutMs), Timing.MaxTimeoutMs);
  }

  /// <summary>What an answer gives: a server and the seat on it.</summary>
  public sealed class Grant
  {
    /// <summary>Where to play.</summary>
    public readonly Server Server;
    /// <summary>The seat; null where the deployment works without seats.</summary>
    public readonly string Ticket;
    /// <summary>When to send keepalives there.</summary>
    public readonly KeepaliveTiming Keepalive;
    /// <summary>Where the ticket is also good when the server dies, best first.</summary>
    public readonly IList<Server> Alternates;

    internal Grant(Server server, string ticket, KeepaliveTiming keepalive, IList<Server> alternates)
    {
      Server = server;
      Ticket = ticket;
      Keepalive = keepalive;
      Alternates = alternates;
    }

    internal Grant On(Server server, IList<Server> alternates) => new Grant(server, Ticket, Keepalive, alternates);
  }
}
