// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System;

namespace Onedoor
{
  /// <summary>What the parts of a session share.</summary>
  internal sealed class Shared
  {
    public readonly Names Names;
    public readonly byte[] Client;
    public readonly int Type;
    public readonly bool HasHttp;
    public readonly ISessionHost Host;
    /// <summary>Wait token of the last refusal, for the next request.</summary>
    public string Wait;
    /// <summary>Least length of a request to the door: 800, then 1,200 after `request-too-small`.</summary>
    public int DoorPadTo = Protocol.DoorRequestBytes;

    private int _lastId;

    public Shared(SessionOptions options, ISessionHost host)
    {
      Names = options.Names;
      Client = options.ClientBytes() ?? new byte[16];
      if (options.Client == null) host.Random(Client);
      Type = options.Type;
      HasHttp = options.Http != null;
      Host = host;
    }

    /// <summary>A number for a channel or HTTP request, never used before.</summary>
    public int NextId() => ++_lastId;

    public byte[] Nonce()
    {
      var nonce = new byte[Protocol.NonceBytes];
      Host.Random(nonce);
      return nonce;
    }

    /// <summary>Full jitter: it spreads a crowd that lost one server better than a jittered half.</summary>
    public long BackoffMs(int failures, long retryAfterMs)
    {
      long ceiling = Math.Min(Timing.BackoffCapMs, Timing.BackoffBaseMs << Math.Min(failures, Timing.MaxDoublings));
      return Math.Min(retryAfterMs, Timing.RetryAfterCapMs) + Below(ceiling);
    }

    /// <summary>
    /// Time until the first request after the loss of a server by a client that has played for `playedMs`.
    /// </summary>
    public long StormMs(long playedMs) => Below(Math.Min(Timing.StormMs, playedMs));

    private long Below(long end)
    {
      var random = new byte[4];
      Host.Random(random);
      return (Bytes.U32(random, 0) * end) >> 32;
    }

    /// <summary>The Address of a request: its family is what is asked for, a NAT knows the rest better.</summary>
    public static byte[] OwnAddress(int family) => Bytes.ToWire(new byte[family == 4 ? 4 : 16]);
  }
}
