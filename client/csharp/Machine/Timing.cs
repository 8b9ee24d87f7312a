// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
namespace Onedoor
{
  /// <summary>The client's durations (docs/PROTOCOL.md, "Asking the door" and "Keepalives and failover").</summary>
  internal static class Timing
  {
    /// <summary>Never.</summary>
    public const long Never = long.MaxValue;

    /// <summary>When a request goes out by UDP, counted from its start; each time from a new source port.</summary>
    public static readonly int[] DoorUdpAtMs = { 0, 350, 700 };
    public const int DoorTcpAtMs = 1000;
    public const int DoorTcpStaggerMs = 250;
    public const int DoorHttpAtMs = 2000;
    public const int DoorRequestMs = 6000;
    /// <summary>The same where TCP and HTTP have failed and only silence is left.</summary>
    public const int DoorUdpAloneMs = 2000;
    /// <summary>How long the first request waits for the addresses of the door's name.</summary>
    public const int ResolveMs = 5000;

    /// <summary>Full jitter: the n-th new request waits between 0 and min(cap, base * 2^n).</summary>
    public const int BackoffBaseMs = 250;
    public const int BackoffCapMs = 30000;
    /// <summary>250 ms * 2^7 is above the cap.</summary>
    public const int MaxDoublings = 7;
    /// <summary>
    /// A crowd whose server died with its alternates comes to the door spread over this time, or over as long as it has
    /// played.
    /// </summary>
    public const int StormMs = 5000;
    /// <summary>A wrong number must not keep players out for days.</summary>
    public const int RetryAfterCapMs = 300000;

    public const int MinIntervalMs = 1000;
    public const int MinTimeoutMs = 100;
    public const int MaxTimeoutMs = 10000;
    /// <summary>An alternate may be gone as well: no timeout is longer until it has answered.</summary>
    public const int AlternateTimeoutMs = 250;
    /// <summary>A keepalive and its two retransmissions.</summary>
    public const int TransmissionsPerKeepalive = 3;

    /// <summary>Game traffic that flowed and then stopped for this long: a keepalive goes out at once.</summary>
    public const int QuietMs = 1000;
    /// <summary>Game traffic flows while its silence is shorter than this many of its longest recent gaps ...</summary>
    public const int FlowGaps = 3;
    /// <summary>... of so many gaps, ...</summary>
    public const int FlowMemory = 8;
    /// <summary>... and never stops flowing within this time.</summary>
    public const int FlowMinMs = 1000;
    /// <summary>A single datagram has no gap yet: it speaks for the server this long.</summary>
    public const int FlowUnknownMs = 3000;

    /// <summary>A hint starts a keepalive early, at most this often: hints can be forged.</summary>
    public const int HintSpacingMs = 1000;
    /// <summary>How soon a keepalive asks again after "not known yet" or "later".</summary>
    public const int AskAgainMs = 2000;
  }
}
