// Feeds sessions with answers that were damaged: fuzz COUNT SEED. The same numbers give the same run. Ends with 1 if a
// session was ever told to use an address that no valid answer named: one from where it was asked, with a nonce that it
// had
// sent. Anything that is thrown ends the program.
using System;
using System.Collections.Generic;
using Onedoor;

internal sealed class Fuzz : ISessionHost
{
  private sealed class Channel
  {
    public int Id;
    public Endpoint To;
    public byte[] Nonce;
  }

  private readonly FuzzRandom _draw;
  private readonly FuzzAnswers _answers;
  private readonly List<Channel> _channels = new List<Channel>();
  private readonly HashSet<string> _named = new HashSet<string>();
  private readonly Queue<int> _posts = new Queue<int>();
  private SessionMachine _machine;
  private bool _isOver, _mustResolve;
  private int _joined, _lost, _refused, _wrong;

  private Fuzz(int seed)
  {
    _draw = new FuzzRandom(seed);
    _answers = new FuzzAnswers(_draw);
  }

  public static int Run(string[] args) => new Fuzz(int.Parse(args[2])).Play(int.Parse(args[1]));

  private int Play(int count)
  {
    long nowMs = 0;
    Start(nowMs);
    for (int i = 0; i < count; i++)
    {
      if (_isOver || i % 5000 == 4999) Start(nowMs);
      if (_mustResolve) Resolve(nowMs);
      Channel channel = Pick();
      if (channel != null) Deliver(channel, nowMs);
      if (_posts.Count > 0 && _draw.Below(4) == 0) _machine.HttpAnswer(_posts.Dequeue(), HttpAnswer(), nowMs);
      if (_draw.Below(3) == 0) Disturb(nowMs);
      if (_draw.Below(3) == 0) nowMs += _draw.Below(900);
      if (_isOver || _draw.Below(2) == 0) continue;
      if (channel == null && _machine.WakeAtMs < long.MaxValue) nowMs = Math.Max(nowMs, _machine.WakeAtMs);
      _machine.Tick(nowMs);
    }
    Console.WriteLine(
      "{0} answers: {1} servers joined, {2} lost, {3} refusals, {4} on an address that nobody named",
      count, _joined, _lost, _refused, _wrong);
    return _wrong == 0 ? 0 : 1;
  }

  private void Start(long nowMs)
  {
    _channels.Clear();
    _posts.Clear();
    _named.Clear();
    _isOver = false;
    var options = new SessionOptions { App = "app", World = "world", Client = "fuzz", Http = "http://door" };
    _machine = new SessionMachine(options, this);
    _machine.Start(null, nowMs);
  }

  private void Resolve(long nowMs)
  {
    _mustResolve = false;
    var doors = new List<Endpoint> { new Endpoint(new byte[] { 127, 0, 0, 1 }, 7000) };
    if (_draw.Below(2) == 0)
      doors.Add(new Endpoint(AddressText.Parse("64:ff9b::127.0.0.2"), 7000));
    if (_draw.Below(2) == 0) doors.Add(new Endpoint(AddressText.Parse("2001::9"), 7000));
    _machine.Doors(doors, nowMs);
  }

  private Channel Pick() => _channels.Count == 0 ? null : _channels[_draw.Below(_channels.Count)];

  private void Deliver(Channel channel, long nowMs)
  {
    byte[] nonce = channel.Nonce == null || _draw.Below(8) == 0 ? _draw.Bytes(8) : channel.Nonce;
    byte[] packet = _answers.Damaged(_answers.Answer(nonce, _draw.Below(4) == 0));
    bool isRight = _draw.Below(8) != 0;
    Endpoint from = isRight ? channel.To : new Endpoint(channel.To.Address, channel.To.Port ^ (1 + _draw.Below(100)));
    if (isRight && channel.Nonce != null) Note(packet, channel.Nonce);
    _machine.Packet(channel.Id, from, packet, packet.Length, nowMs);
  }

  /// <summary>What a packet may name if its nonce and its source are right, whatever else is in it.</summary>
  private void Note(byte[] packet, byte[] nonce)
  {
    if (packet.Length < 31 || FuzzAnswers.IndexOf(packet, nonce) < 0) return;
    for (int at = 4; at + 16 <= packet.Length; at++)
      if (at == 4 || FuzzAnswers.IsAlternate(packet, at)) _named.Add(Convert.ToBase64String(packet, at, 16));
  }

  private DoorAnswer HttpAnswer()
  {
    string[] texts =
    {
      "{\"server\":{\"id\":\"i-1.0\",\"ipv4\":\"10.1.2.3\",\"ports\":{\"game\":1,\"probe\":2}},\"ticket\":\"t\"}",
      "{\"server\":{\"id\":7,\"ipv4\":\"x\",\"ports\":[]}}",
      "{\"server\":{\"id\":\"i\",\"ipv4\":\"1.2.3\",\"ports\":{\"game\":-1}}}",
      "{", "[]", "7", "",
    };
    string text = texts[_draw.Below(texts.Length)];
    if (text != "" && _draw.Below(3) == 0)
    {
      char[] letters = text.ToCharArray();
      letters[_draw.Below(letters.Length)] = (char)_draw.Below(256);
      text = new string(letters);
    }
    if (_draw.Below(4) == 0) return new DoorAnswer(Codes.OfWire(_draw.Below(12)), _draw.Below(100000), null);
    Grant grant = SavedState.ReadGrant(Json.Parse(text), 4, new Names());
    if (grant == null) return null;
    _named.Add(Convert.ToBase64String(Bytes.ToWire(grant.Server.AddressBytes)));
    return new DoorAnswer(grant);
  }

  private void Disturb(long nowMs)
  {
    Channel channel = Pick();
    switch (_draw.Below(8))
    {
      case 0:
        _machine.Sent(_draw.Below(20), nowMs);
        return;
      case 1:
        _machine.Received(nowMs);
        return;
      case 2:
        _machine.Lost(nowMs);
        return;
      case 3:
        if (_draw.Below(50) == 0) _machine.Close(nowMs);
        return;
      case 4:
        if (channel != null) _machine.ChannelFailed(channel.Id, nowMs);
        return;
      default:
        _machine.Tick(nowMs);
        return;
    }
  }

  void ISessionHost.Open(int channel, Via via, Endpoint to, bool connected) =>
    _channels.Add(new Channel { Id = channel, To = to });

  void ISessionHost.Send(int channel, Endpoint to, byte[] packet)
  {
    if (packet.Length < 31 || packet.Length > 1200 || Bytes.U16(packet, 0) != packet.Length || packet[20] != 1)
      throw new InvalidOperationException("no request: " + BitConverter.ToString(packet));
    _channels.Find(each => each.Id == channel).Nonce = Bytes.Slice(packet, 23, 8);
  }

  void ISessionHost.Close(int channel)
  {
    if (_channels.RemoveAll(each => each.Id == channel) != 1) throw new InvalidOperationException("closed twice");
  }

  void ISessionHost.Resolve() => _mustResolve = true;

  void ISessionHost.Post(int request, HttpWish wish) => _posts.Enqueue(request);

  void ISessionHost.Cancel(int request)
  {
  }

  void ISessionHost.Random(byte[] into) => Buffer.BlockCopy(_draw.Bytes(into.Length), 0, into, 0, into.Length);

  void ISessionHost.Tell(SessionEvent what)
  {
    if (what.Type == SessionEventType.Lost) _lost++;
    if (what.Type == SessionEventType.Refused) _refused++;
    if (what.Type == SessionEventType.Closed) _isOver = true;
    if (what.Type != SessionEventType.Assigned && what.Type != SessionEventType.Reassigned) return;
    _joined++;
    byte[] address = what.Server.AddressBytes;
    // A translated address is the IPv4 one in it.
    if (address.Length == 16 && address[0] == 0 && address[1] == 0x64 && address[2] == 0xff)
      address = Bytes.Slice(address, 12, 4);
    byte[] wire = Bytes.ToWire(address);
    bool isNamed = _named.Contains(Convert.ToBase64String(wire)) ||
      _named.Contains(Convert.ToBase64String(Bytes.ToWire(what.Server.AddressBytes)));
    if (!isNamed || Bytes.IsZero(what.Server.AddressBytes)) _wrong++;
  }
}
