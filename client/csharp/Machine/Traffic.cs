// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System;

namespace Onedoor
{
  /// <summary>
  /// What the game's own traffic says about its server. Datagrams from it are proof of life; how long one speaks for
  /// the server depends on how dense they come, since a game may send 60 a second or one in 5 s.
  /// </summary>
  internal sealed class Traffic
  {
    private readonly long[] _gapsMs = new long[Timing.FlowMemory];
    private int _gapAt, _gapCount;
    private bool _hasReceived, _flowed;
    private long _lastReceivedMs;

    /// <summary>Datagrams sent since the last keepalive.</summary>
    public long SentSinceKeepalive { get; private set; }

    /// <summary>The n-th transmission and the end of a flow are counted from here.</summary>
    public void KeepaliveStarts()
    {
      SentSinceKeepalive = 0;
      _flowed = false;
    }

    public void Sent(int count) => SentSinceKeepalive += count;

    public void Received(long nowMs)
    {
      if (_hasReceived)
      {
        _gapsMs[_gapAt] = nowMs - _lastReceivedMs;
        _gapAt = (_gapAt + 1) % Timing.FlowMemory;
        if (_gapCount < Timing.FlowMemory) _gapCount++;
      }
      _lastReceivedMs = nowMs;
      _hasReceived = _flowed = true;
    }

    /// <summary>When a flow that was seen after the last keepalive will have been quiet for 1 s.</summary>
    public long QuietAtMs => _flowed ? _lastReceivedMs + Timing.QuietMs : Timing.Never;

    /// <summary>True while what came in proves the server alive.</summary>
    /// <param name="nowMs">the time</param>
    /// <param name="longestMs">no silence longer than this proves anything</param>
    public bool Flows(long nowMs, long longestMs)
    {
      if (!_hasReceived) return false;
      long longest = 0;
      for (int i = 0; i < _gapCount; i++) longest = Math.Max(longest, _gapsMs[i]);
      long usual = _gapCount == 0 ? Timing.FlowUnknownMs : Timing.FlowGaps * longest;
      long most = Math.Min(Math.Max(usual, Timing.FlowMinMs), Math.Max(longestMs, Timing.FlowMinMs));
      return nowMs - _lastReceivedMs < most;
    }
  }
}
