// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Threading.Tasks;

namespace Onedoor
{
  /// <summary>Performs what the session machine asks for, with .NET's sockets, resolver and HTTP.</summary>
  internal sealed class SessionDriver : ISessionHost, IChannelOwner, IDisposable
  {
    private readonly SessionOptions _options;
    private readonly DoorAddress _door;
    private readonly Action<SessionEvent> _tell;
    private readonly SessionMachine _machine;
    private readonly HttpDoor _http;
    private readonly RandomNumberGenerator _random = RandomNumberGenerator.Create();
    private readonly List<Channel> _channels = new List<Channel>();
    /// <summary>A byte more than a packet, so that a longer datagram is seen to be one.</summary>
    private readonly byte[] _buffer = new byte[Protocol.MaxPacketBytes + 1];
    private Task<IPAddress[]> _resolving;
    private bool _mustResolve;
    /// <summary>An address of the door as it is reached from here: its family is asked for over HTTP.</summary>
    private byte[] _like;

    public SessionDriver(SessionOptions options, Action<SessionEvent> tell)
    {
      _options = options;
      _door = DoorAddress.Parse(options.Door);
      _tell = tell;
      _like = new byte[options.Family == 6 ? 16 : 4];
      if (options.Http != null) _http = new HttpDoor(options.Http, options.Names, options.Client);
      _machine = new SessionMachine(options, this);
    }

    /// <summary>16 random bytes as base64url.</summary>
    public static string RandomName()
    {
      var bytes = new byte[16];
      using (RandomNumberGenerator random = RandomNumberGenerator.Create()) random.GetBytes(bytes);
      return Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
    }

    private static long NowMs => Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1000);

    public void Start(Grant resume) => _machine.Start(resume, NowMs);
    public void Sent(int count) => _machine.Sent(count, NowMs);
    public void Received() => _machine.Received(NowMs);
    public void Lost() => _machine.Lost(NowMs);
    public void Close() => _machine.Close(NowMs);

    public void Update()
    {
      UpdateDoors();
      for (int i = 0; i < _channels.Count; i++)
        if (_channels[i].IsOpen) _channels[i].Serve(this, _buffer);
      for (int i = _channels.Count - 1; i >= 0; i--)
        if (!_channels[i].IsOpen) _channels.RemoveAt(i);
      int request;
      DoorAnswer answer;
      while (_http != null && _http.Next(Nat64.FamilyBehind(_like), out request, out answer))
      {
        if (answer != null && answer.Grant != null) answer = new DoorAnswer(Nat64.GrantLike(answer.Grant, _like));
        _machine.HttpAnswer(request, answer, NowMs);
      }
      long nowMs = NowMs;
      if (_machine.WakeAtMs <= nowMs) _machine.Tick(nowMs);
    }

    public void Dispose()
    {
      foreach (Channel each in _channels) each.Close();
      _channels.Clear();
      if (_http != null) _http.CancelAll();
      _random.Dispose();
    }

    void ISessionHost.Open(int channel, Via via, Endpoint to, bool connected) =>
      _channels.Add(via == Via.Tcp ? (Channel)new TcpChannel(channel, to) : new UdpChannel(channel, to, connected));

    void ISessionHost.Send(int channel, Endpoint to, byte[] packet)
    {
      Channel found = Find(channel);
      if (found != null) found.Send(to, packet);
    }

    void ISessionHost.Close(int channel)
    {
      Channel found = Find(channel);
      if (found != null) found.Close();
    }

    void ISessionHost.Resolve() => _mustResolve = true;

    void ISessionHost.Post(int request, HttpWish wish) => _http.Post(request, wish, Nat64.FamilyBehind(_like));

    void ISessionHost.Cancel(int request) => _http.Cancel(request);

    void ISessionHost.Random(byte[] into) => _random.GetBytes(into);

    void ISessionHost.Tell(SessionEvent what) => _tell(what);

    void IChannelOwner.OnPacket(int channel, Endpoint from, byte[] bytes, int length) =>
      _machine.Packet(channel, from, bytes, length, NowMs);

    void IChannelOwner.OnFailed(int channel) => _machine.ChannelFailed(channel, NowMs);

    private Channel Find(int channel)
    {
      foreach (Channel each in _channels)
        if (each.Id == channel && each.IsOpen) return each;
      return null;
    }

    /// <summary>The system's resolver, in its order (RFC 6724), in .NET's own background.</summary>
    private void UpdateDoors()
    {
      if (_mustResolve && _resolving == null)
      {
        _mustResolve = false;
        byte[] numeric = AddressText.Parse(_door.Host);
        if (numeric != null) Found(new[] { new IPAddress(numeric) });
        else _resolving = Dns.GetHostAddressesAsync(_door.Host);
      }
      if (_resolving == null || !_resolving.IsCompleted) return;
      Task<IPAddress[]> done = _resolving;
      _resolving = null;
      bool isGood = done.Status == TaskStatus.RanToCompletion;
      // An exception that nobody looked at would end some programs.
      if (!isGood && done.Exception != null) done.Exception.Handle(error => true);
      Found(isGood ? done.Result : new IPAddress[0]);
    }

    private void Found(IPAddress[] addresses)
    {
      var doors = new List<Endpoint>();
      foreach (IPAddress each in addresses)
      {
        var door = new Endpoint(each.GetAddressBytes(), _door.Port);
        if (_options.Family != 0 && door.Family != _options.Family) continue;
        if (!doors.Exists(known => known.IsSame(door))) doors.Add(door);
      }
      doors = Interleaved(doors);
      // Over HTTP nothing tells which family works; the door's own is the best guess.
      if (doors.Count > 0) _like = doors[0].Address;
      _machine.Doors(doors, NowMs);
    }

    /// <summary>Families alternating, so that a broken one costs one repeat (RFC 8305, section 4).</summary>
    private static List<Endpoint> Interleaved(List<Endpoint> doors)
    {
      var mixed = new List<Endpoint>();
      if (doors.Count == 0) return mixed;
      int first = doors[0].Family;
      List<Endpoint> same = doors.FindAll(each => each.Family == first);
      List<Endpoint> other = doors.FindAll(each => each.Family != first);
      for (int i = 0; i < Math.Max(same.Count, other.Count); i++)
      {
        if (i < same.Count) mixed.Add(same[i]);
        if (i < other.Count) mixed.Add(other[i]);
      }
      return mixed;
    }
  }
}
