// Onedoor's client for C#. SPDX-License-Identifier: Apache-2.0
using System;

namespace Onedoor
{
  /// <summary>What an answer or a silence means; everything but Nothing and Moving ends the watch.</summary>
  internal enum WatchOutcome
  {
    Nothing,
    Silent,
    Refused,
    /// <summary>
    /// The server ends its sessions; <see cref="ServerWatch.Answer" /> says where to go, if it can say that yet.
    /// </summary>
    Moving,
    /// <summary>The seat was given back, or nobody was there to take it.</summary>
    Left,
  }

  /// <summary>
  /// The liveness of one server for one client: sends keepalives when they are due, shows the ticket until it is
  /// accepted, and judges silence. Starts with a keepalive at once.
  /// </summary>
  internal sealed class ServerWatch
  {
    /// <summary>
    /// What a keepalive is padded to: the usual one, one whose answer names a new server, the most there is.
    /// </summary>
    private static readonly int[] KeepaliveSizes =
    {
      Protocol.KeepaliveRequestBytes, Protocol.DoorRequestBytes, Protocol.MaxPacketBytes,
    };

    private readonly Shared _shared;
    private readonly ServerLink _link;
    private readonly long _patienceMs;
    private readonly Traffic _traffic = new Traffic();
    private KeepaliveExchange _exchange;
    /// <summary>The ticket until the first answer to a keepalive that carried it.</summary>
    private string _ticket;
    private bool _leaving;
    private int _size;
    private long _lastStartMs;
    /// <summary>Earliest and latest start of the next keepalive, where an answer asked for one.</summary>
    private long _notBeforeMs = long.MinValue, _soonMs = Timing.Never;

    /// <param name="shared">of the session</param>
    /// <param name="grant">the server and its seat</param>
    /// <param name="doubtsUdp">the door was not reached by UDP: try TCP beside it from the start</param>
    /// <param name="nowMs">the time</param>
    /// <param name="patienceMs">the most that the timeout counts as until the server has answered</param>
    public ServerWatch(
      Shared shared, Grant grant, bool doubtsUdp, long nowMs, long patienceMs = Timing.MaxTimeoutMs)
    {
      _shared = shared;
      _patienceMs = patienceMs;
      Grant = grant;
      _ticket = grant.Ticket;
      _link = new ServerLink(shared, grant.Server.Probe, doubtsUdp);
      Start(nowMs);
    }

    /// <summary>The server and its seat, with what its answers have added.</summary>
    public Grant Grant { get; private set; }

    /// <summary>True once the server has answered a keepalive, and so has taken the ticket if there is one.</summary>
    public bool Accepted { get; private set; }

    /// <summary>The answer behind Moving and Refused.</summary>
    public KeepaliveAnswer Answer { get; private set; }

    public Via Via => _link.Via;

    public long WakeAtMs => _exchange != null ? _exchange.WakeAtMs : NextStartMs();

    public void Sent(int count, long nowMs)
    {
      _traffic.Sent(count);
      if (_exchange == null && nowMs >= NextStartMs()) Start(nowMs);
    }

    public void Received(long nowMs) => _traffic.Received(nowMs);

    public WatchOutcome Tick(long nowMs)
    {
      if (_exchange != null && _exchange.Tick(nowMs))
      {
        _exchange = null;
        if (_leaving) return WatchOutcome.Left;
        if (!Flows(nowMs)) return WatchOutcome.Silent;
      }
      if (_exchange == null && nowMs >= NextStartMs()) Start(nowMs);
      return WatchOutcome.Nothing;
    }

    public WatchOutcome Packet(int channel, Endpoint from, Response response, long nowMs)
    {
      if (_exchange == null || !_link.Owns(channel) || !from.IsSame(_link.To)) return WatchOutcome.Nothing;
      if (!_exchange.IsAnswer(response.Nonce)) return WatchOutcome.Nothing;
      _exchange = null;
      _link.Heard(channel);
      return _leaving ? WatchOutcome.Left : Obey(Answers.OfServer(response, Grant.Server), response, nowMs);
    }

    /// <summary>A channel of this server reported an error: a hint that nobody listens there.</summary>
    public void Failed(int channel, long nowMs)
    {
      if (!_link.Owns(channel)) return;
      _link.Failed(channel);
      if (_exchange != null) _exchange.Hint(nowMs);
      else if (nowMs - _lastStartMs >= Timing.HintSpacingMs) Start(nowMs);
    }

    /// <summary>
    /// Gives an unused seat back: it is answered like a keepalive. False if there is nothing to give.
    /// </summary>
    public bool Leave(long nowMs)
    {
      if (_ticket == null) return false;
      _leaving = true;
      Start(nowMs);
      return true;
    }

    public void End()
    {
      _exchange = null;
      _link.End();
    }

    public byte[] Packet(byte[] nonce, Via via)
    {
      var request = new Request
      {
        Address = Shared.OwnAddress(Nat64.FamilyBehind(_link.To.Address)),
        Nonce = nonce,
        Client = _shared.Client,
        Ticket = _ticket,
        Leave = _leaving,
      };
      // Over TCP a response may be longer than its request, so padding would be waste.
      return request.Write(_shared.Type, via == Via.Tcp ? 0 : KeepaliveSizes[_size]);
    }

    private void Start(long nowMs)
    {
      _lastStartMs = nowMs;
      _soonMs = Timing.Never;
      _notBeforeMs = long.MinValue;
      _traffic.KeepaliveStarts();
      long timeoutMs = Grant.Keepalive.BoundTimeoutMs;
      if (!Accepted) timeoutMs = Math.Min(timeoutMs, _patienceMs);
      _exchange = new KeepaliveExchange(this, _shared, _link, timeoutMs, nowMs);
      _exchange.Tick(nowMs);
    }

    /// <summary>By time, by count, by the end of a flow, or because an answer asked for it.</summary>
    private long NextStartMs()
    {
      int transmissions = Grant.Keepalive.Transmissions;
      bool byCount = transmissions > 0 && _traffic.SentSinceKeepalive >= transmissions;
      long byTime = Math.Min(_lastStartMs + Grant.Keepalive.IntervalMs, Math.Min(_traffic.QuietAtMs, _soonMs));
      return Math.Max(byCount ? _lastStartMs : byTime, _notBeforeMs);
    }

    private bool Flows(long nowMs) => _traffic.Flows(nowMs, Grant.Keepalive.IntervalMs);

    private WatchOutcome Obey(KeepaliveAnswer answer, Response response, long nowMs)
    {
      switch (answer.Kind)
      {
        case AnswerKind.Later:
          // No longer than the interval, so that a server which then dies is still missed.
          _notBeforeMs = nowMs + Math.Min(answer.RetryAfterMs, Grant.Keepalive.IntervalMs);
          if (_ticket != null) _soonMs = nowMs + Timing.AskAgainMs;
          return WatchOutcome.Nothing;
        case AnswerKind.NeedsRoom:
          Grow(nowMs);
          return WatchOutcome.Nothing;
        case AnswerKind.Moving:
          return Move(answer, nowMs);
        case AnswerKind.Refused:
          Answer = answer;
          // The game has let the client in: what the agent thinks of the ticket moves nobody.
          if (!Flows(nowMs)) return WatchOutcome.Refused;
          _ticket = null;
          _shared.Host.Tell(
            new SessionEvent { Type = SessionEventType.TicketRefused, Server = Grant.Server, Code = answer.Code });
          return WatchOutcome.Nothing;
        default:
          Accepted = true;
          _ticket = null;
          KeepaliveTiming keepalive = response.Keepalive ?? Grant.Keepalive;
          Grant = new Grant(Answers.Enrich(Grant.Server, response), Grant.Ticket, keepalive, Grant.Alternates);
          return WatchOutcome.Nothing;
      }
    }

    /// <summary>
    /// Asks again with more room, once for each size; a server that wants more than there is just lives.
    /// </summary>
    private bool Grow(long nowMs)
    {
      if (_size == KeepaliveSizes.Length - 1) return false;
      _size++;
      Start(nowMs);
      return true;
    }

    private WatchOutcome Move(KeepaliveAnswer answer, long nowMs)
    {
      if (answer.NeedsRoom && Grow(nowMs)) return WatchOutcome.Nothing;
      // The answer may be about another server, so nothing but "alive" is taken from it.
      Accepted = true;
      _ticket = null;
      _soonMs = nowMs + Timing.AskAgainMs;
      Answer = answer;
      return WatchOutcome.Moving;
    }
  }
}
