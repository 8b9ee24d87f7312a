// A session machine on a virtual clock, with everything that it sent.
using System;
using System.Collections.Generic;
using System.Text;
using Onedoor;

internal sealed class SentPacket
{
  public int Channel;
  public Via Via;
  public long AtMs;
  public Endpoint To;
  public byte[] Bytes;

  /// <summary>The value of an option as text; null if it is not there.</summary>
  public string Option(int code)
  {
    byte[] value = Value(code);
    return value == null ? null : Encoding.UTF8.GetString(value);
  }

  public byte[] Value(int code)
  {
    for (int at = 20; at < Bytes.Length; at += 3 + Onedoor.Bytes.U16(Bytes, at + 1))
      if (Bytes[at] == code) return Onedoor.Bytes.Slice(Bytes, at + 3, Onedoor.Bytes.U16(Bytes, at + 1));
    return null;
  }

  public string Nonce => BitConverter.ToString(Value(0x01));
}

internal sealed class Lab : ISessionHost
{
  public static readonly Endpoint Door = new Endpoint(new byte[] { 192, 0, 2, 1 }, 7000);

  public readonly List<SentPacket> Sent = new List<SentPacket>();
  public readonly List<SessionEvent> Told = new List<SessionEvent>();
  public readonly List<string> Posted = new List<string>();
  public readonly SessionMachine Machine;
  public long NowMs = 1000000;

  private readonly Dictionary<int, Via> _open = new Dictionary<int, Via>();
  private readonly FuzzRandom _random = new FuzzRandom(7);

  public Lab(bool http = false, string resume = null)
  {
    string client = "alice";
    var options = new SessionOptions { App = "arena", Client = client, Http = http ? "http://x" : null };
    Machine = new SessionMachine(options, this);
    Machine.Start(SavedState.Read(resume, ref client), NowMs);
    if (resume == null) Machine.Doors(new[] { Door }, NowMs);
  }

  public int OpenChannels => _open.Count;

  public SentPacket Last => Sent[Sent.Count - 1];

  public SessionEvent LastTold => Told.Count == 0 ? null : Told[Told.Count - 1];

  /// <summary>Lets time pass, with every tick at its time.</summary>
  public void Pass(long ms)
  {
    long untilMs = NowMs + ms;
    while (Machine.WakeAtMs <= untilMs)
    {
      NowMs = Math.Max(NowMs, Machine.WakeAtMs);
      Machine.Tick(NowMs);
    }
    NowMs = untilMs;
  }

  /// <summary>Answers a packet from where it went.</summary>
  /// <param name="to">the packet</param>
  /// <param name="address">text; null: all zeroes</param>
  /// <param name="options">each `code, value`</param>
  public void Answer(SentPacket to, string address, params object[] options)
  {
    var bytes = new List<byte> { 0, 0, 0xff, 0xff };
    bytes.AddRange(address == null ? new byte[16] : Bytes.ToWire(AddressText.Parse(address)));
    Put(bytes, 0x01, to.Value(0x01));
    for (int i = 0; i < options.Length; i += 2)
    {
      string text = options[i + 1] as string;
      Put(bytes, (int)options[i], text == null ? (byte[])options[i + 1] : Encoding.UTF8.GetBytes(text));
    }
    bytes[0] = (byte)(bytes.Count >> 8);
    bytes[1] = (byte)bytes.Count;
    Machine.Packet(to.Channel, to.To, bytes.ToArray(), bytes.Count, NowMs);
  }

  /// <summary>The door gives the server i-1.0 at 198.51.100.1 with a ticket and two alternates.</summary>
  public void Assign()
  {
    byte[] alternates = new byte[40];
    Bytes.ToWire(new byte[] { 198, 51, 100, 2 }).CopyTo(alternates, 0);
    Bytes.ToWire(new byte[] { 198, 51, 100, 3 }).CopyTo(alternates, 20);
    alternates[17] = alternates[19] = alternates[37] = alternates[39] = 9;
    Answer(Last, "198.51.100.1", 0x06, "ticket-1", 0x81, "i-1.0", 0x84, Rhythm(20, 10, 700), 0x85, alternates);
  }

  public static byte[] Rhythm(int interval, int transmissions, int timeoutMs) => new[]
  {
    (byte)0, (byte)interval, (byte)0, (byte)transmissions, (byte)(timeoutMs >> 8), (byte)timeoutMs,
  };

  public static byte[] Error(int code, int retryAfterMs) =>
    new byte[] { 0, (byte)code, 0, 0, (byte)(retryAfterMs >> 8), (byte)retryAfterMs };

  private static void Put(List<byte> bytes, int code, byte[] value)
  {
    bytes.AddRange(new[] { (byte)code, (byte)(value.Length >> 8), (byte)value.Length });
    bytes.AddRange(value);
  }

  void ISessionHost.Open(int channel, Via via, Endpoint to, bool connected) => _open.Add(channel, via);

  void ISessionHost.Send(int channel, Endpoint to, byte[] packet) => Sent.Add(
    new SentPacket { Channel = channel, Via = _open[channel], AtMs = NowMs, To = to, Bytes = packet });

  void ISessionHost.Close(int channel)
  {
    if (!_open.Remove(channel)) throw new InvalidOperationException("closed twice: " + channel);
  }

  void ISessionHost.Resolve()
  {
  }

  void ISessionHost.Post(int request, HttpWish wish) => Posted.Add(
    string.Join(" ", new List<string>(wish.Avoid).ToArray()) + "|" + wish.ReportedTicket);

  void ISessionHost.Cancel(int request)
  {
  }

  void ISessionHost.Random(byte[] into) => _random.Bytes(into.Length).CopyTo(into, 0);

  void ISessionHost.Tell(SessionEvent what) => Told.Add(what);
}
