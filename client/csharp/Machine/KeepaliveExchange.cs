// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System;
using System.Collections.Generic;

namespace Onedoor
{
  /// <summary>
  /// One keepalive and its two retransmissions: the first waits for the timeout, the others half of it, each packet has
  /// a nonce of its own, and an answer to any of them counts until the exchange ends.
  /// </summary>
  internal sealed class KeepaliveExchange
  {
    private readonly ServerWatch _watch;
    private readonly Shared _shared;
    private readonly ServerLink _link;
    private readonly long _timeoutMs;
    private readonly List<byte[]> _nonces = new List<byte[]>();
    private long _startedAtMs;
    private int _transmissions;
    private bool _restarted;

    public KeepaliveExchange(ServerWatch watch, Shared shared, ServerLink link, long timeoutMs, long nowMs)
    {
      _watch = watch;
      _shared = shared;
      _link = link;
      _timeoutMs = timeoutMs;
      _startedAtMs = nowMs;
      WakeAtMs = nowMs;
    }

    public long WakeAtMs { get; private set; }

    /// <summary>Sends what is due. True: all transmissions are unanswered.</summary>
    public bool Tick(long nowMs)
    {
      if (nowMs < WakeAtMs) return false;
      if (_transmissions == Timing.TransmissionsPerKeepalive)
      {
        // A process that slept has not listened: answers may wait in its sockets, or its network just came back.
        bool slept = nowMs - WakeAtMs > _timeoutMs;
        if (!slept || _restarted) return true;
        _restarted = true;
        _transmissions = 0;
        _startedAtMs = nowMs;
      }
      Transmit(nowMs);
      return false;
    }

    public bool IsAnswer(byte[] nonce)
    {
      foreach (byte[] sent in _nonces)
        if (Bytes.Same(sent, nonce)) return true;
      return false;
    }

    /// <summary>
    /// A sign that nobody listens there, which may be forged: the next transmission goes out now, and the exchange
    /// still takes its timeout at least.
    /// </summary>
    public void Hint(long nowMs)
    {
      if (_transmissions < Timing.TransmissionsPerKeepalive) Transmit(nowMs);
    }

    private void Transmit(long nowMs)
    {
      Send(_link.UdpFor(_transmissions), Via.Udp);
      Send(_link.TcpFor(_transmissions), Via.Tcp);
      bool first = _transmissions == 0;
      _transmissions++;
      WakeAtMs = nowMs + (first ? _timeoutMs : _timeoutMs / 2);
      if (_transmissions == Timing.TransmissionsPerKeepalive)
        WakeAtMs = Math.Max(WakeAtMs, _startedAtMs + _timeoutMs);
    }

    private void Send(int channel, Via via)
    {
      if (channel == 0) return;
      byte[] nonce = _shared.Nonce();
      _nonces.Add(nonce);
      _shared.Host.Send(channel, _link.To, _watch.Packet(nonce, via));
    }
  }
}
